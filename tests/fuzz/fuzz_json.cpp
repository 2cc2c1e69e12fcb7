// SPDX-License-Identifier: GPL-3.0-or-later
// The scanner against a reference: both accept the same texts (the reference's known liberties aside), every offset lies where it
// should, and what is printed from the nodes reads the same again.
#include "base/json.h"
#include "base/json_splice.h"
#include "base/json_writer.h"

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

using namespace oriel;

namespace {

void require(bool condition)
{
    if (!condition) {
        std::abort();
    }
}

/// Counts duplicate keys, which the reference itself lets pass, and keeps nothing else.
class DuplicateFinder : public nlohmann::json_sax<nlohmann::json> {
public:
    bool duplicate = false;

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override
    {
        m_keys.emplace_back();
        return true;
    }
    bool key(string_t& name) override
    {
        duplicate = !m_keys.back().insert(name).second || duplicate;
        return true;
    }
    bool end_object() override
    {
        m_keys.pop_back();
        return true;
    }
    bool start_array(std::size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

private:
    std::vector<std::set<std::string>> m_keys;
};

bool hasHugeNumber(const json::Value& value)
{
    bool huge = value.isNumber() && !value.asDouble();
    for (const json::Value& element : value.elements()) {
        huge = huge || hasHugeNumber(element);
    }
    for (const json::Member& member : value.members()) {
        huge = huge || hasHugeNumber(member.value);
    }
    return huge;
}

void walk(json::Writer& writer, const json::Value& value, json::Span within)
{
    const json::Span at = value.span();
    require(at.isValid() && at.begin >= within.begin && at.end() <= within.end());
    require(json::kindOf(value.raw()) == value.kind());
    if (value.isObject()) {
        writer.beginObject();
        std::uint32_t count = 0;
        for (const json::Member& member : value.members()) {
            require(member.key.isString() && member.key.span().end() < member.value.span().begin);
            require(value.find(member.key.asUtf8()).span() == member.value.span());
            writer.key(member.key.asUtf8());
            walk(writer, member.value, at);
            ++count;
        }
        require(count == value.size());
        writer.endObject();
    } else if (value.isArray()) {
        writer.beginArray();
        std::uint32_t count = 0;
        for (const json::Value& element : value.elements()) {
            walk(writer, element, at);
            ++count;
        }
        require(count == value.size());
        writer.endArray();
    } else if (value.isString()) {
        require(value.equals(value.asUtf8()));
        writer.value(value.asUtf8());
    } else {
        writer.raw(value.raw());
    }
}

void editMembers(const json::Document& document, QByteArrayView text)
{
    const json::Value root = document.root();
    if (!root.isObject()) {
        return;
    }
    json::Splicer splicer(text);
    std::uint32_t index = 0;
    std::uint32_t removed = 0;
    for (const json::Member& member : root.members()) {
        const auto choice = (text.size() + index++ * 7) % 3;
        if (choice == 0) {
            splicer.removeMember(root, member);
            ++removed;
        } else if (choice == 1) {
            splicer.replace(member.value, "[null]");
        }
    }
    // 61 digits of a key that fuzzing will not meet by chance.
    const QByteArray key = '"' + QByteArray(61, '7') + '"';
    const bool taken = root.find(QByteArray(61, '7')).exists();
    if (!taken) {
        splicer.insertMember(root, key, "{}");
    }
    const QByteArray edited = splicer.apply();
    json::Document again;
    require(again.parse(edited).has_value());
    require(again.root().size() == root.size() - removed + (taken ? 0U : 1U));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const QByteArrayView text(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    json::Document document;
    const auto parsed = document.parse(text);

    DuplicateFinder finder;
    const bool wellFormed = nlohmann::json::sax_parse(text.begin(), text.end(), &finder);
    if (!parsed) {
        const json::ParseError& error = parsed.error();
        require(error.offset <= size && error.line >= 1 && error.column >= 1);
        // The reference skips a byte order mark and takes a NUL for the end.
        const bool liberty = text.startsWith("\xEF\xBB\xBF") || text.contains('\0');
        const bool limit = error.reason == json::ParseError::Reason::Depth;
        require(!wellFormed || finder.duplicate || liberty || limit);
        return 0;
    }
    require((wellFormed && !finder.duplicate) || hasHugeNumber(document.root()));

    json::Writer writer;
    walk(writer, document.root(), {0, static_cast<std::uint32_t>(size)});
    const QByteArray printed = writer.take();
    json::Document second;
    require(second.parse(printed).has_value());
    json::Writer again;
    walk(again, second.root(), {0, static_cast<std::uint32_t>(printed.size())});
    require(again.take() == printed);
    editMembers(document, text);
    return 0;
}
