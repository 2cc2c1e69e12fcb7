// SPDX-License-Identifier: GPL-3.0-or-later
#include "telemetry/propagation.h"

#include <QString>

#include <algorithm>

namespace oriel::telemetry {

namespace {

constexpr qsizetype kTraceparentLength = 55;
constexpr int kMaxStateMembers = 32;
constexpr qsizetype kMaxStateLength = 512;
constexpr int kMaxBaggageMembers = 64;
constexpr qsizetype kMaxBaggageBytes = 8192;
constexpr char kHex[] = "0123456789abcdef";

int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

int anyCaseHexDigit(char c)
{
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : hexDigit(c);
}

std::optional<std::uint8_t> hexByte(QByteArrayView text)
{
    const int high = hexDigit(text[0]);
    const int low = hexDigit(text[1]);
    if (high < 0 || low < 0)
        return std::nullopt;
    return static_cast<std::uint8_t>(high * 16 + low);
}

void writeHex(char* out, std::uint64_t word)
{
    for (int i = 15; i >= 0; --i) {
        out[i] = kHex[word & 0xFU];
        word >>= 4U;
    }
}

QByteArrayView trimmedSpaces(QByteArrayView text)
{
    while (!text.isEmpty() && (text.front() == ' ' || text.front() == '\t'))
        text = text.sliced(1);
    while (!text.isEmpty() && (text.back() == ' ' || text.back() == '\t'))
        text.chop(1);
    return text;
}

/// Calls `visit(member)` for each part between commas, empty ones too; stops when it returns false.
template <class Visit> bool forEachMember(QByteArrayView text, Visit visit)
{
    qsizetype begin = 0;
    while (begin <= text.size()) {
        qsizetype end = text.indexOf(',', begin);
        if (end < 0)
            end = text.size();
        if (!visit(text.sliced(begin, end - begin)))
            return false;
        begin = end + 1;
    }
    return true;
}

bool isStateKey(QByteArrayView key)
{
    const auto lowerOrDigit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    if (key.isEmpty() || key.size() > 256 || !lowerOrDigit(key.front()))
        return false;
    return std::all_of(key.begin() + 1, key.end(),
                       [&](char c) { return lowerOrDigit(c) || c == '_' || c == '-' || c == '*' || c == '/' || c == '@'; });
}

bool isStateValue(QByteArrayView value)
{
    if (value.isEmpty() || value.size() > 256 || value.back() == ' ')
        return false;
    return std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; });
}

struct StateMember {
    QByteArrayView key;
    QByteArrayView value;
    [[nodiscard]] qsizetype length() const { return key.size() + 1 + value.size(); }
};

std::optional<StateMember> stateMember(QByteArrayView text)
{
    const qsizetype equals = text.indexOf('=');
    if (equals < 0)
        return std::nullopt;
    const StateMember member{text.first(equals), text.sliced(equals + 1)};
    if (!isStateKey(member.key) || !isStateValue(member.value))
        return std::nullopt;
    return member;
}

using StateMembers = std::vector<StateMember>;

std::optional<StateMembers> stateMembers(QByteArrayView text)
{
    StateMembers members;
    const bool valid = forEachMember(text, [&](QByteArrayView part) {
        part = trimmedSpaces(part);
        if (part.isEmpty())
            return true;
        const auto member = stateMember(part);
        if (!member)
            return false;
        const bool known =
            std::any_of(members.begin(), members.end(), [&](const StateMember& other) { return other.key == member->key; });
        // An attacker's list of duplicates must not cost more than what may be kept.
        if (!known && members.size() < 4 * kMaxStateMembers)
            members.push_back(*member);
        return true;
    });
    return valid ? std::optional(std::move(members)) : std::nullopt;
}

QByteArray joinState(StateMembers members)
{
    if (members.size() > kMaxStateMembers)
        members.resize(kMaxStateMembers);
    const auto total = [&] {
        qsizetype length = static_cast<qsizetype>(members.size()) - 1;
        for (const StateMember& member : members)
            length += member.length();
        return length;
    };
    for (auto it = members.end(); it != members.begin() && total() > kMaxStateLength;) {
        --it;
        if (it->length() > 128)
            it = members.erase(it);
    }
    while (!members.empty() && total() > kMaxStateLength)
        members.pop_back();
    QByteArray out;
    for (const StateMember& member : members) {
        if (!out.isEmpty())
            out.append(',');
        out.append(member.key).append('=').append(member.value);
    }
    return out;
}

bool isTokenCharacter(char c)
{
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
        return true;
    return c != '\0' && QByteArrayView("!#$%&'*+-.^_`|~").contains(c);
}

bool isToken(QByteArrayView text)
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), isTokenCharacter);
}

bool isBaggageOctet(char c)
{
    const auto octet = static_cast<unsigned char>(c);
    return octet == 0x21 || (octet >= 0x23 && octet <= 0x2b) || (octet >= 0x2d && octet <= 0x3a) ||
           (octet >= 0x3c && octet <= 0x5b) || (octet >= 0x5d && octet <= 0x7e);
}

struct BaggageView {
    QByteArrayView key;
    QByteArrayView value;
    QByteArrayView metadata;
};

std::optional<BaggageView> baggageMember(QByteArrayView text)
{
    BaggageView member;
    const qsizetype semicolon = text.indexOf(';');
    if (semicolon >= 0) {
        member.metadata = trimmedSpaces(text.sliced(semicolon + 1));
        text = text.first(semicolon);
    }
    const qsizetype equals = text.indexOf('=');
    if (equals < 0)
        return std::nullopt;
    member.key = trimmedSpaces(text.first(equals));
    member.value = trimmedSpaces(text.sliced(equals + 1));
    const bool metadataIsText =
        std::all_of(member.metadata.begin(), member.metadata.end(), [](char c) { return c == '\t' || (c >= 0x20 && c <= 0x7e); });
    if (!isToken(member.key) || !std::all_of(member.value.begin(), member.value.end(), isBaggageOctet) || !metadataIsText)
        return std::nullopt;
    return member;
}

QByteArray percentDecoded(QByteArrayView text)
{
    QByteArray out;
    out.reserve(text.size());
    for (qsizetype i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && anyCaseHexDigit(text[i + 1]) >= 0 && anyCaseHexDigit(text[i + 2]) >= 0) {
            out.append(static_cast<char>(anyCaseHexDigit(text[i + 1]) * 16 + anyCaseHexDigit(text[i + 2])));
            i += 2;
        } else {
            out.append(text[i]);
        }
    }
    // Decoding puts U+FFFD where the bytes are not UTF-8.
    return QString::fromUtf8(out).toUtf8();
}

void appendPercentEncoded(QByteArray& out, QByteArrayView value)
{
    static constexpr char kUpperHex[] = "0123456789ABCDEF";
    for (const char c : value) {
        if (isBaggageOctet(c) && c != '%') {
            out.append(c);
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        out.append('%').append(kUpperHex[octet >> 4U]).append(kUpperHex[octet & 0xFU]);
    }
}

std::optional<TraceId> b3TraceId(QByteArrayView text)
{
    if (text.size() == 32)
        return TraceId::fromHex(text);
    const auto low = SpanId::fromHex(text);
    return low ? std::optional(TraceId{0, low->value}) : std::nullopt;
}

} // namespace

std::optional<TraceContext> parseTraceparent(QByteArrayView text)
{
    text = trimmedSpaces(text);
    if (text.size() < kTraceparentLength || text[2] != '-' || text[35] != '-' || text[52] != '-')
        return std::nullopt;
    const auto version = hexByte(text);
    if (!version || *version == 0xff)
        return std::nullopt;
    if (text.size() > kTraceparentLength && (*version == 0 || text[kTraceparentLength] != '-'))
        return std::nullopt;
    const auto traceId = TraceId::fromHex(text.sliced(3, 32));
    const auto spanId = SpanId::fromHex(text.sliced(36, 16));
    const auto flags = hexByte(text.sliced(53));
    if (!traceId || !spanId || !flags)
        return std::nullopt;
    return TraceContext{*traceId, *spanId, static_cast<std::uint8_t>(*flags & (kFlagSampled | kFlagRandom))};
}

TraceparentText formatTraceparent(const TraceContext& context)
{
    TraceparentText text{};
    char* out = text.characters.data();
    out[0] = '0';
    out[1] = '0';
    out[2] = '-';
    writeHex(out + 3, context.traceId.high);
    writeHex(out + 19, context.traceId.low);
    out[35] = '-';
    writeHex(out + 36, context.spanId.value);
    out[52] = '-';
    out[53] = '0';
    out[54] = kHex[context.flags & (kFlagSampled | kFlagRandom)];
    return text;
}

TracestateCheck checkTracestate(QByteArrayView text)
{
    if (text.isEmpty())
        return TracestateCheck::AsIs;
    std::array<QByteArrayView, kMaxStateMembers> keys;
    int count = 0;
    bool rewrite = text.size() > kMaxStateLength;
    const bool valid = forEachMember(text, [&](QByteArrayView part) {
        const QByteArrayView trimmed = trimmedSpaces(part);
        rewrite = rewrite || trimmed.size() != part.size() || trimmed.isEmpty();
        if (trimmed.isEmpty())
            return true;
        const auto member = stateMember(trimmed);
        if (!member)
            return false;
        if (count == kMaxStateMembers) {
            rewrite = true;
            return true;
        }
        rewrite = rewrite || std::find(keys.begin(), keys.begin() + count, member->key) != keys.begin() + count;
        keys[static_cast<std::size_t>(count++)] = member->key;
        return true;
    });
    if (!valid)
        return TracestateCheck::Invalid;
    return rewrite ? TracestateCheck::Rewrite : TracestateCheck::AsIs;
}

QByteArray normalizeTracestate(QByteArrayView text)
{
    auto members = stateMembers(text);
    return members ? joinState(std::move(*members)) : QByteArray();
}

QByteArray setTracestateMember(QByteArrayView text, QByteArrayView key, QByteArrayView value)
{
    auto members = stateMembers(text);
    if (!members)
        members.emplace();
    if (isStateKey(key) && isStateValue(value)) {
        std::erase_if(*members, [key](const StateMember& member) { return member.key == key; });
        members->insert(members->begin(), StateMember{key, value});
    }
    return joinState(std::move(*members));
}

QByteArray removeTracestateMember(QByteArrayView text, QByteArrayView key)
{
    auto members = stateMembers(text);
    if (!members)
        return {};
    std::erase_if(*members, [key](const StateMember& member) { return member.key == key; });
    return joinState(std::move(*members));
}

QByteArrayView tracestateMember(QByteArrayView text, QByteArrayView key)
{
    QByteArrayView found;
    forEachMember(text, [&](QByteArrayView part) {
        const auto member = stateMember(trimmedSpaces(part));
        if (!member || member->key != key)
            return true;
        found = member->value;
        return false;
    });
    return found;
}

std::vector<BaggageEntry> parseBaggage(QByteArrayView text)
{
    std::vector<BaggageEntry> entries;
    forEachMember(text.first(std::min(text.size(), 4 * kMaxBaggageBytes)), [&](QByteArrayView part) {
        const auto member = baggageMember(trimmedSpaces(part));
        if (!member || entries.size() >= 4 * kMaxBaggageMembers)
            return true;
        BaggageEntry entry{member->key.toByteArray(), percentDecoded(member->value), member->metadata.toByteArray()};
        const auto known =
            std::find_if(entries.begin(), entries.end(), [&](const BaggageEntry& other) { return other.key == entry.key; });
        if (known != entries.end())
            *known = std::move(entry);
        else
            entries.push_back(std::move(entry));
        return true;
    });
    return entries;
}

QByteArray formatBaggage(const std::vector<BaggageEntry>& entries)
{
    QByteArray out;
    int count = 0;
    for (const BaggageEntry& entry : entries) {
        if (!isToken(entry.key) || count == kMaxBaggageMembers)
            continue;
        QByteArray member = entry.key + '=';
        appendPercentEncoded(member, entry.value);
        if (!entry.metadata.isEmpty())
            member += ';' + entry.metadata;
        if (out.size() + member.size() + 1 > kMaxBaggageBytes)
            continue;
        if (!out.isEmpty())
            out.append(',');
        out.append(member);
        ++count;
    }
    return out;
}

bool isPassableBaggage(QByteArrayView text)
{
    int count = 0;
    return text.size() <= kMaxBaggageBytes && forEachMember(text, [&](QByteArrayView part) {
               return ++count <= kMaxBaggageMembers && baggageMember(trimmedSpaces(part)).has_value();
           });
}

std::optional<B3Context> parseB3(QByteArrayView single)
{
    single = trimmedSpaces(single);
    if (single == QByteArrayView("0"))
        return B3Context{};
    std::array<QByteArrayView, 4> parts;
    std::size_t count = 0;
    for (qsizetype begin = 0; begin <= single.size();) {
        qsizetype end = single.indexOf('-', begin);
        if (end < 0)
            end = single.size();
        if (count == parts.size())
            return std::nullopt;
        parts[count++] = single.sliced(begin, end - begin);
        begin = end + 1;
    }
    if (count < 2)
        return std::nullopt;
    const bool debug = parts[2] == QByteArrayView("d");
    return parseB3Multi(parts[0], parts[1], debug ? QByteArrayView() : parts[2], debug ? QByteArrayView("1") : QByteArrayView());
}

std::optional<B3Context> parseB3Multi(QByteArrayView traceId, QByteArrayView spanId, QByteArrayView sampled, QByteArrayView flags)
{
    B3Context b3;
    b3.debug = flags == QByteArrayView("1");
    // An absent decision is left to the receiver; Oriel records everything, so it counts as yes.
    const bool denied = sampled == QByteArrayView("0") || sampled == QByteArrayView("false");
    const bool known = sampled.isEmpty() || denied || sampled == QByteArrayView("1") || sampled == QByteArrayView("true");
    if (!known)
        return std::nullopt;
    b3.context.flags = b3.debug || !denied ? kFlagSampled : 0;
    if (traceId.isEmpty() && spanId.isEmpty())
        return denied || b3.debug ? std::optional(b3) : std::nullopt;
    const auto trace = b3TraceId(traceId);
    const auto span = SpanId::fromHex(spanId);
    if (!trace || !span)
        return std::nullopt;
    b3.context.traceId = *trace;
    b3.context.spanId = *span;
    return b3;
}

QByteArray formatB3(const B3Context& b3)
{
    QByteArray out = b3.context.traceId.toHex() + '-' + b3.context.spanId.toHex() + '-';
    out.append(b3.debug ? 'd' : b3.context.isSampled() ? '1' : '0');
    return out;
}

} // namespace oriel::telemetry
