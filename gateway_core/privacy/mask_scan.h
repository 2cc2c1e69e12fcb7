// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "privacy/rule_set.h"

#include <cstdint>
#include <string_view>
#include <vector>

// One run of a Masker over one input. Internal to privacy/.
namespace oriel::privacy {

/// Text at some depth of encoding and where it stands in the text around it.
struct Layer {
    std::string_view text;
    const Layer* parent = nullptr;                    ///< null: this is the input
    std::size_t base = 0;                             ///< offset in the parent
    const std::vector<std::uint32_t>* from = nullptr; ///< per byte, offset in the parent behind base; null: the same offsets
    std::size_t wholeLength = 0; ///< not 0: any find masks this many bytes of the parent from base on (base64)
    int depth = 0;               ///< how many encodings deep
    int quoteDepth = 0;          ///< how many JSON strings deep
};

/// Where the scanner is in a JSON document.
class PathSource {
public:
    virtual ~PathSource() = default;
    [[nodiscard]] virtual QByteArray path() const = 0;
};

class MaskScan {
public:
    explicit MaskScan(const Masker::Private& set) : m_set(set) {}

    /// Plain text, or JSON if it is whole JSON.
    void scanText(const Layer& layer);
    /// JSON; false when the layer holds something else and nothing is sure about its structure.
    bool scanJson(const Layer& layer);
    /// Masks [begin, end) of the layer unless an exception names the value or the path.
    void mask(const Layer& layer, std::size_t begin, std::size_t end, std::uint32_t rule, bool quote = false);
    /// True when a payment card number in digits [begin, end) was masked.
    bool maskCards(const Layer& layer, std::size_t begin, std::size_t end, bool quote);

    void setPath(const PathSource* path) { m_path = path; }
    [[nodiscard]] const PathSource* pathSource() const { return m_path; }
    [[nodiscard]] const Masker::Private& set() const { return m_set; }
    [[nodiscard]] std::size_t editCount() const { return m_edits.size(); }

    /// The masked input; call once, last.
    [[nodiscard]] MaskResult finish(const QByteArray& input);

private:
    struct Edit {
        std::size_t begin;
        std::size_t end;
        std::uint32_t rule;
        int quoteDepth; // -1: no quotes
        QByteArray path;
    };
    struct TextState;

    void atRuleKeyword(const Layer& layer, TextState& state, const Keyword& keyword, std::size_t begin);
    void atBase64(const Layer& layer, TextState& state, const Keyword& keyword, std::size_t begin);
    void searchEverywhere(const Layer& layer, std::uint32_t rule);
    void scanDecoded(const Layer& layer, const TextState& state);

    const Masker::Private& m_set;
    const PathSource* m_path = nullptr;
    std::vector<Edit> m_edits;
};

/// The `name=value` or `name: value` pair in text around an occurrence of a name fragment.
struct Assignment {
    std::size_t nameEnd = 0; ///< where to look on for the next name
    std::size_t begin = 0;   ///< of the value; equal to end when there is nothing to mask
    std::size_t end = 0;
};
[[nodiscard]] Assignment findAssignment(const Masker::Private& set, std::string_view text, std::size_t hitBegin,
                                        std::size_t hitEnd);

/// Calls `found(begin, end)` for each run of digits with single blanks or hyphens between them that holds 13 digits and more.
template <class Found> void eachDigitRun(std::string_view text, Found&& found);
void eachDigitRunImpl(std::string_view text, void (*found)(void*, std::size_t, std::size_t), void* context);

template <class Found> void eachDigitRun(std::string_view text, Found&& found)
{
    eachDigitRunImpl(
        text, [](void* context, std::size_t begin, std::size_t end) { (*static_cast<Found*>(context))(begin, end); }, &found);
}

} // namespace oriel::privacy
