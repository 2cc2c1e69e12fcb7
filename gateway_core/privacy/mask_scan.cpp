// SPDX-License-Identifier: GPL-3.0-or-later
#include "privacy/mask_scan.h"

#include "privacy/encodings.h"
#include "privacy/text_chars.h"

#include <QVarLengthArray>

#include <algorithm>
#include <array>

namespace oriel::privacy {

namespace {

constexpr int kDeepest = 4;
constexpr std::size_t kLongestValueToHash = 64 * 1024;
constexpr std::size_t kBase64Before = 4 * 1024;
constexpr std::size_t kBase64Behind = 16 * 1024;

QByteArray quoteMark(int depth)
{
    // A quote inside n JSON strings stands behind 2^n - 1 backslashes.
    return QByteArray((1 << depth) - 1, '\\') + '"';
}

bool looksLikeJson(std::string_view text)
{
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && (text[first] == '{' || text[first] == '[') &&
           text.find('"', first) != std::string_view::npos;
}

re2::StringPiece piece(std::string_view text)
{
    return {text.data(), text.size()};
}

} // namespace

// What one pass over one layer has to remember.
struct MaskScan::TextState {
    QVarLengthArray<std::uint32_t, 16> everywhere; // rules to search in the whole text
    std::size_t maskedUntil = 0;
    std::size_t namesUntil = 0;
    // The base64 run looked at last, how far it was decoded in each of the four alignments, and whether it is masked already.
    std::size_t base64From = 0;
    std::size_t base64Until = 0;
    std::array<std::size_t, 4> base64Decoded{};
    bool base64Masked = false;
    bool jsonEscapes = false;
    bool percent = false;
};

void MaskScan::mask(const Layer& layer, std::size_t begin, std::size_t end, std::uint32_t rule, bool quote)
{
    if (begin >= end)
        return;
    const std::string_view value = layer.text.substr(begin, end - begin);
    if (isMaskedText(value) || (value.size() <= kLongestValueToHash && m_set.isExceptedValue(value)))
        return;
    QByteArray path = m_path != nullptr ? m_path->path() : QByteArray();
    if (m_set.isExceptedPath(path))
        return;
    for (const Layer* at = &layer; at->parent != nullptr; at = at->parent) {
        if (at->wholeLength != 0) {
            begin = at->base;
            end = at->base + at->wholeLength;
            quote = false;
        } else {
            begin = at->base + (at->from != nullptr ? (*at->from)[begin] : begin);
            end = at->base + (at->from != nullptr ? (*at->from)[end] : end);
        }
    }
    m_edits.push_back({begin, end, rule, quote ? layer.quoteDepth : -1, std::move(path)});
}

bool MaskScan::maskCards(const Layer& layer, std::size_t begin, std::size_t end, bool quote)
{
    const std::string_view text = layer.text;
    const auto joined = [text](std::size_t at) { return isAlnum(text[at]) || text[at] == '_' || text[at] == '.'; };
    if ((begin > 0 && joined(begin - 1)) || (end < text.size() && (isAlpha(text[end]) || text[end] == '_')))
        return false;
    if (end + 1 < text.size() && text[end] == '.' && isDigit(text[end + 1]))
        return false;
    // A card number is whole groups: "4111 1111 1111 1111 12 30" ends with the expiry date.
    bool masked = false;
    std::size_t first = begin;
    while (first < end) {
        std::size_t digits = 0;
        std::size_t cardEnd = 0;
        std::size_t groupEnd = end;
        for (std::size_t i = first; i < end && digits < 20; ++i) {
            if (isDigit(text[i]))
                ++digits;
            const bool endsGroup = i + 1 == end || !isDigit(text[i + 1]);
            if (!isDigit(text[i]) || !endsGroup)
                continue;
            groupEnd = std::min(groupEnd, i + 1);
            if (digits >= 13 && digits <= 19 && passesValidator(Validator::PaymentCard, text.substr(first, i + 1 - first)))
                cardEnd = i + 1;
        }
        if (cardEnd != 0) {
            mask(layer, first, cardEnd, static_cast<std::uint32_t>(m_set.digitsRule), quote);
            masked = true;
        }
        // On to the next group: behind this one there is one separator.
        first = (cardEnd != 0 ? cardEnd : groupEnd) + 1;
    }
    return masked;
}

void MaskScan::atRuleKeyword(const Layer& layer, TextState& state, const Keyword& keyword, std::size_t begin)
{
    const CompiledRule& rule = m_set.rules[keyword.index];
    if (rule.mode == SearchMode::Anywhere) {
        if (!state.everywhere.contains(keyword.index))
            state.everywhere.append(keyword.index);
        return;
    }
    if (begin < state.maskedUntil)
        return;
    re2::StringPiece parts[2];
    if (!rule.pattern->Match(piece(layer.text), begin, layer.text.size(), RE2::ANCHOR_START, parts, rule.group ? 2 : 1))
        return;
    const re2::StringPiece& part = parts[rule.group ? 1 : 0];
    const auto from = static_cast<std::size_t>(part.data() - layer.text.data());
    const std::size_t end = tailEnd(layer.text, from + part.size(), rule.tail);
    if (!passesValidator(rule.validator, layer.text.substr(from, end - from)))
        return;
    mask(layer, from, end, keyword.index);
    state.maskedUntil = end;
}

void MaskScan::atBase64(const Layer& layer, TextState& state, const Keyword& keyword, std::size_t begin)
{
    const std::string_view text = layer.text;
    if (layer.depth >= kDeepest)
        return;
    const auto inRun = [text](std::size_t at) { return isBase64(text[at]) || text[at] == '\n' || text[at] == '\r'; };
    if (begin >= state.base64Until) {
        std::size_t from = begin;
        while (from > 0 && inRun(from - 1))
            --from;
        std::size_t until = begin;
        while (until < text.size() && (inRun(until) || text[until] == '='))
            ++until;
        while (isSpace(text[from]))
            ++from;
        while (isSpace(text[until - 1]))
            --until;
        state.base64From = from;
        state.base64Until = until;
        state.base64Decoded = {};
        state.base64Masked = false;
    }
    // Of a long run (an image) only what is around the find is decoded.
    std::size_t& decodedUntil = state.base64Decoded[(begin - keyword.phase) % 4U];
    if (state.base64Masked || decodedUntil == state.base64Until || begin + kBase64Before < decodedUntil)
        return;
    const std::size_t from = std::max(state.base64From, begin - std::min(begin, kBase64Before));
    const std::size_t until = std::min(state.base64Until, begin + kBase64Behind);
    decodedUntil = until;
    const auto before = std::count_if(text.begin() + static_cast<std::ptrdiff_t>(from),
                                      text.begin() + static_cast<std::ptrdiff_t>(begin), isBase64);
    const std::size_t skip = (static_cast<std::size_t>(before) + 4U - keyword.phase) % 4U;
    const std::string decoded = decodeBase64(text.substr(from, until - from), skip);
    const Layer inner{.text = decoded,
                      .parent = &layer,
                      .base = state.base64From,
                      .wholeLength = state.base64Until - state.base64From,
                      .depth = layer.depth + 1};
    const std::size_t edits = m_edits.size();
    scanText(inner);
    state.base64Masked = m_edits.size() != edits;
}

void MaskScan::searchEverywhere(const Layer& layer, std::uint32_t index)
{
    const CompiledRule& rule = m_set.rules[index];
    std::size_t from = 0;
    re2::StringPiece parts[2];
    while (from < layer.text.size() &&
           rule.pattern->Match(piece(layer.text), from, layer.text.size(), RE2::UNANCHORED, parts, rule.group ? 2 : 1)) {
        const re2::StringPiece& part = rule.group && parts[1].data() != nullptr ? parts[1] : parts[0];
        const auto begin = static_cast<std::size_t>(part.data() - layer.text.data());
        const std::size_t end = begin + part.size();
        if (passesValidator(rule.validator, layer.text.substr(begin, part.size())))
            mask(layer, begin, end, index);
        const auto matchEnd = static_cast<std::size_t>(parts[0].data() - layer.text.data()) + parts[0].size();
        from = std::max({from + 1, end, matchEnd});
    }
}

void MaskScan::scanDecoded(const Layer& layer, const TextState& state)
{
    if (layer.depth >= kDeepest)
        return;
    const auto descend = [&](const Decoded& decoded) {
        if (decoded.text.size() == layer.text.size())
            return; // nothing was escaped
        const Layer inner{.text = decoded.text,
                          .parent = &layer,
                          .from = &decoded.from,
                          .depth = layer.depth + 1,
                          .quoteDepth = layer.quoteDepth};
        scanText(inner);
    };
    if (state.jsonEscapes)
        descend(decodeJsonEscapes(layer.text));
    if (state.percent)
        descend(decodePercent(layer.text));
}

void MaskScan::scanText(const Layer& layer)
{
    if (layer.depth > kDeepest || layer.text.empty())
        return;
    if (looksLikeJson(layer.text) && scanJson(layer))
        return;
    TextState state;
    m_set.automaton.scan(layer.text, [&](std::uint32_t id, std::size_t end) {
        const Keyword& keyword = m_set.keywords[id];
        if (!m_set.plausible(keyword, layer.text, end))
            return true;
        const std::size_t begin = end - keyword.text.size();
        switch (keyword.kind) {
        case KeywordKind::Rule:
            atRuleKeyword(layer, state, keyword, begin);
            break;
        case KeywordKind::KeyName:
            if (begin >= state.namesUntil) {
                const Assignment found = findAssignment(m_set, layer.text, begin, end);
                state.namesUntil = std::max(found.nameEnd, found.end);
                mask(layer, found.begin, found.end, m_set.keyNameRule);
            }
            break;
        case KeywordKind::JsonEscape:
            state.jsonEscapes = true;
            break;
        case KeywordKind::Percent:
            state.percent = true;
            break;
        case KeywordKind::Base64:
            atBase64(layer, state, keyword, begin);
            break;
        case KeywordKind::KnownValue:
            mask(layer, begin, begin + m_set.knownValues[keyword.index].size(), m_set.knownValueRule);
            break;
        }
        return true;
    });
    for (const std::uint32_t rule : state.everywhere)
        searchEverywhere(layer, rule);
    for (const std::uint32_t rule : m_set.alwaysSearched)
        searchEverywhere(layer, rule);
    if (m_set.digitsRule >= 0)
        eachDigitRun(layer.text, [&](std::size_t begin, std::size_t end) { maskCards(layer, begin, end, false); });
    scanDecoded(layer, state);
}

MaskResult MaskScan::finish(const QByteArray& input)
{
    MaskResult result;
    if (m_edits.empty()) {
        result.bytes = input;
        return result;
    }
    std::sort(m_edits.begin(), m_edits.end(),
              [](const Edit& a, const Edit& b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
    result.bytes.reserve(input.size());
    std::size_t copied = 0;
    for (std::size_t i = 0; i < m_edits.size();) {
        Edit edit = m_edits[i];
        for (++i; i < m_edits.size() && m_edits[i].begin < edit.end; ++i) {
            edit.end = std::max(edit.end, m_edits[i].end);
            edit.rule = std::min(edit.rule, m_edits[i].rule);
        }
        const CompiledRule& rule = m_set.rules[edit.rule];
        result.bytes.append(input.constData() + copied, static_cast<qsizetype>(edit.begin - copied));
        if (edit.quoteDepth >= 0)
            result.bytes.append(quoteMark(edit.quoteDepth)).append(rule.replacement).append(quoteMark(edit.quoteDepth));
        else
            result.bytes.append(rule.replacement);
        copied = edit.end;
        ++result.redactions;
        if (result.hits.size() < MaskResult::kMaxHits)
            result.hits.push_back({rule.id, rule.piiType, std::move(edit.path), static_cast<qsizetype>(edit.begin),
                                   static_cast<qsizetype>(edit.end - edit.begin)});
    }
    result.bytes.append(input.constData() + copied, input.size() - static_cast<qsizetype>(copied));
    return result;
}

} // namespace oriel::privacy
