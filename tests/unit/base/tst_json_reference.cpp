// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.h"
#include "base/json_writer.h"
#include "base/random.h"

#include <QTest>

#include <nlohmann/json.hpp>
#include <set>

using namespace oriel;
using Reference = nlohmann::json;

namespace {

/// What the reference makes of a text: nothing when it refuses it. Duplicate keys, which it lets pass, are found by its callback.
std::optional<Reference> referenceOf(const QByteArray& text)
{
    std::vector<std::set<std::string>> open;
    bool duplicate = false;
    const auto callback = [&](int, Reference::parse_event_t event, Reference& parsed) {
        if (event == Reference::parse_event_t::object_start) {
            open.emplace_back();
        } else if (event == Reference::parse_event_t::object_end) {
            open.pop_back();
        } else if (event == Reference::parse_event_t::key) {
            duplicate = duplicate || !open.back().insert(parsed.get<std::string>()).second;
        }
        return true;
    };
    try {
        Reference parsed = Reference::parse(text.constBegin(), text.constEnd(), callback, true, false);
        return duplicate ? std::nullopt : std::optional(std::move(parsed));
    } catch (const Reference::exception&) {
        return std::nullopt;
    }
}

bool sameValue(const json::Value& ours, const Reference& theirs)
{
    switch (ours.kind()) {
    case json::Kind::Missing:
        return false;
    case json::Kind::Null:
        return theirs.is_null();
    case json::Kind::Bool:
        return theirs.is_boolean() && theirs.get<bool>() == ours.asBool();
    case json::Kind::Number:
        if (theirs.is_number_unsigned() && !ours.asInt64()) {
            return ours.raw().toByteArray().toULongLong() == theirs.get<std::uint64_t>();
        }
        return theirs.is_number_integer() ? ours.asInt64() == theirs.get<std::int64_t>()
                                          : ours.asDouble() == theirs.get<double>();
    case json::Kind::String:
        return theirs.is_string() && ours.asUtf8().toStdString() == theirs.get<std::string>();
    case json::Kind::Array: {
        if (!theirs.is_array() || theirs.size() != ours.size()) {
            return false;
        }
        std::size_t index = 0;
        for (const json::Value& element : ours.elements()) {
            if (!sameValue(element, theirs[index++])) {
                return false;
            }
        }
        return true;
    }
    case json::Kind::Object:
        if (!theirs.is_object() || theirs.size() != ours.size()) {
            return false;
        }
        for (const json::Member& member : ours.members()) {
            const auto found = theirs.find(member.key.asUtf8().toStdString());
            if (found == theirs.end() || !sameValue(member.value, *found)) {
                return false;
            }
        }
        return true;
    }
    return false;
}

/// A number that no double holds: good grammar, but the reference refuses it.
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

/// A random document that is valid, with hostile strings and numbers.
class Generator {
public:
    explicit Generator(std::uint64_t seed) : m_random(seed) {}

    QByteArray document()
    {
        m_out.clear();
        value(0);
        return m_out;
    }
    std::uint64_t below(std::uint64_t bound) { return m_random.next64() % bound; }

private:
    void space()
    {
        static constexpr QByteArrayView Spaces[] = {"", "", "", " ", "\n", "\t", "\r\n"};
        m_out += Spaces[below(std::size(Spaces))];
    }
    void string()
    {
        static constexpr QByteArrayView Pieces[] = {"a",
                                                    "key",
                                                    "\\n",
                                                    "\\u0000",
                                                    "\\u00e9",
                                                    "\xC3\xA9",
                                                    "\\ud83d\\ude00",
                                                    "\xF0\x9F\x98\x80",
                                                    "\\\\",
                                                    "\\\"",
                                                    "\\/",
                                                    " ",
                                                    "longer than sixteen bytes ",
                                                    "\x7F",
                                                    "\xEF\xBF\xBF",
                                                    "{[,:]}"};
        m_out += '"';
        for (auto count = below(5); count > 0; --count) {
            m_out += Pieces[below(std::size(Pieces))];
        }
        m_out += '"';
    }
    void value(int depth)
    {
        static constexpr QByteArrayView Scalars[] = {
            "null", "true", "false",   "0",     "-0", "17", "-9223372036854775808", "18446744073709551615",
            "1.5",  "1e5",  "-2.5E-3", "0.1e+2"};
        space();
        const auto choice = below(depth > 5 ? 4 : 8);
        if (choice < 2) {
            m_out += Scalars[below(std::size(Scalars))];
        } else if (choice < 4) {
            string();
        } else {
            const bool isObject = choice < 6;
            m_out += isObject ? '{' : '[';
            const auto count = below(20) == 0 ? 30 : below(4);
            for (std::uint64_t i = 0; i < count; ++i) {
                m_out += i == 0 ? QByteArrayView() : QByteArrayView(",");
                if (isObject) {
                    space();
                    string();
                    space();
                    m_out += ':';
                }
                value(depth + 1);
            }
            space();
            m_out += isObject ? '}' : ']';
        }
        space();
    }

    SeededRandom m_random;
    QByteArray m_out;
};

void printOver(json::Writer& writer, const json::Value& value)
{
    if (value.isObject()) {
        writer.beginObject();
        for (const json::Member& member : value.members()) {
            writer.key(member.key.asUtf8());
            printOver(writer, member.value);
        }
        writer.endObject();
    } else if (value.isArray()) {
        writer.beginArray();
        for (const json::Value& element : value.elements()) {
            printOver(writer, element);
        }
        writer.endArray();
    } else if (value.isString()) {
        writer.value(value.asUtf8());
    } else {
        writer.raw(value.raw());
    }
}

} // namespace

class JsonReferenceTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void validDocumentsReadTheSameAsByTheReference()
    {
        Generator generator(20261120);
        json::Document document;
        int duplicates = 0;
        for (int round = 0; round < 4000; ++round) {
            const QByteArray text = generator.document();
            const auto parsed = document.parse(text);
            const auto reference = referenceOf(text);
            QVERIFY2(parsed.has_value() == reference.has_value(), text.constData());
            duplicates += reference ? 0 : 1;
            if (reference) {
                QVERIFY2(sameValue(document.root(), *reference), text.constData());
            }
        }
        QVERIFY(duplicates > 10 && duplicates < 2000);
    }

    void damagedDocumentsAreRefusedExactlyWhenTheReferenceRefusesThem()
    {
        static constexpr QByteArrayView Damage("\"\\{}[]:,0123456789.eE+-tfnu \n\x80\xC3\xED\xF4\x01/*");
        Generator generator(7);
        json::Document document;
        int refused = 0;
        for (int round = 0; round < 20000; ++round) {
            QByteArray text = generator.document();
            for (auto hits = 1 + generator.below(2); hits > 0; --hits) {
                const auto at = static_cast<qsizetype>(generator.below(static_cast<std::uint64_t>(text.size())));
                const char byte = Damage[static_cast<qsizetype>(generator.below(static_cast<std::uint64_t>(Damage.size())))];
                switch (generator.below(3)) {
                case 0:
                    text[at] = byte;
                    break;
                case 1:
                    text.insert(at, byte);
                    break;
                default:
                    text.remove(at, 1);
                    break;
                }
                if (text.isEmpty()) {
                    text = "0";
                }
            }
            const bool accepted = document.parse(text).has_value();
            const auto reference = referenceOf(text);
            if (accepted && hasHugeNumber(document.root())) {
                continue;
            }
            QVERIFY2(accepted == reference.has_value(), text.toHex(' ').constData());
            refused += accepted ? 0 : 1;
        }
        QVERIFY(refused > 2000);
    }

    void printingWhatWasReadReadsTheSameAgain()
    {
        Generator generator(99);
        json::Document first;
        json::Document second;
        for (int round = 0; round < 2000; ++round) {
            const QByteArray text = generator.document();
            if (!first.parse(text)) {
                continue;
            }
            json::Writer writer;
            printOver(writer, first.root());
            const QByteArray printed = writer.take();
            QVERIFY2(second.parse(printed), printed.constData());
            json::Writer again;
            printOver(again, second.root());
            QCOMPARE(again.take(), printed);
        }
    }

    void everyPrefixOfAValidObjectIsRefused()
    {
        const QByteArray text = "{\"a\":[1.5e3,true,null,\"\\u00e9\xC3\xA9\"],\"b\":{\"c\":-0}}";
        json::Document document;
        for (qsizetype length = 0; length < text.size(); ++length) {
            QVERIFY(!document.parse(text.first(length)));
        }
        QVERIFY(document.parse(text));
    }
};

QTEST_GUILESS_MAIN(JsonReferenceTest)
#include "tst_json_reference.moc"
