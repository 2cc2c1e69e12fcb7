// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/headers.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace oriel::http {

namespace {

constexpr unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<unsigned char>(c | 0x20) : c;
}

constexpr std::array<bool, 256> makeTokenTable()
{
    std::array<bool, 256> table{};
    for (unsigned char c = '0'; c <= '9'; ++c)
        table[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c)
        table[c] = table[static_cast<std::size_t>(c - 'a' + 'A')] = true;
    for (const char c : {'!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~'})
        table[static_cast<unsigned char>(c)] = true;
    return table;
}

constexpr std::array<bool, 256> tokenTable = makeTokenTable();

constexpr qsizetype kWord = sizeof(std::uint64_t);
constexpr std::uint64_t kEach = 0x0101010101010101U; ///< times a byte: that byte in each place

std::uint64_t wordAt(QByteArrayView text, qsizetype at)
{
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    return word;
}

/// True if one of eight bytes is below 0x20 or is 0x7f; now and then for others too.
constexpr bool mayHaveControl(std::uint64_t word)
{
    constexpr std::uint64_t kHighBits = kEach * 0x80U;
    const std::uint64_t below = (word - kEach * 0x20U) & ~word;
    const std::uint64_t erased = word ^ (kEach * 0x7fU);
    return ((below | ((erased - kEach) & ~erased)) & kHighBits) != 0;
}

bool sameBytesIgnoringCase(QByteArrayView a, QByteArrayView b)
{
    return std::equal(a.begin(), a.end(), b.begin(), [](char one, char other) {
        return lower(static_cast<unsigned char>(one)) == lower(static_cast<unsigned char>(other));
    });
}

QByteArrayView trimmed(QByteArrayView text)
{
    const auto isBlank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.isEmpty() && isBlank(text.front()))
        text = text.sliced(1);
    while (!text.isEmpty() && isBlank(text.back()))
        text.chop(1);
    return text;
}

} // namespace

bool equalsIgnoringCase(QByteArrayView a, QByteArrayView b)
{
    if (a.size() != b.size())
        return false;
    qsizetype i = 0;
    // Eight at a time while they are the same to the bit, as names nearly always are; the first difference that is not the one of
    // case ends it.
    for (; i + kWord <= a.size(); i += kWord) {
        const std::uint64_t difference = wordAt(a, i) ^ wordAt(b, i);
        if (difference == 0)
            continue;
        if ((difference & ~(kEach * 0x20U)) != 0 || !sameBytesIgnoringCase(a.sliced(i, kWord), b.sliced(i, kWord)))
            return false;
    }
    return sameBytesIgnoringCase(a.sliced(i), b.sliced(i));
}

bool isToken(QByteArrayView text)
{
    return !text.isEmpty() &&
           std::all_of(text.begin(), text.end(), [](char c) { return tokenTable[static_cast<unsigned char>(c)]; });
}

bool isFieldValue(QByteArrayView text)
{
    const auto hasOnlyAllowed = [](QByteArrayView bytes) {
        return std::none_of(bytes.begin(), bytes.end(), [](char c) {
            const auto u = static_cast<unsigned char>(c);
            return (u < 0x20 && u != '\t') || u == 0x7f;
        });
    };
    qsizetype i = 0;
    for (; i + kWord <= text.size(); i += kWord) {
        if (mayHaveControl(wordAt(text, i)) && !hasOnlyAllowed(text.sliced(i, kWord)))
            return false;
    }
    return hasOnlyAllowed(text.sliced(i));
}

bool listHas(QByteArrayView value, QByteArrayView element)
{
    while (true) {
        const qsizetype comma = value.indexOf(',');
        QByteArrayView item = comma < 0 ? value : value.first(comma);
        if (const qsizetype semicolon = item.indexOf(';'); semicolon >= 0)
            item = item.first(semicolon);
        if (equalsIgnoringCase(trimmed(item), element))
            return true;
        if (comma < 0)
            return false;
        value = value.sliced(comma + 1);
    }
}

Headers::Headers(std::initializer_list<std::pair<QByteArrayView, QByteArrayView>> fields)
{
    for (const auto& [name, value] : fields)
        add(name, value);
}

bool Headers::add(QByteArrayView name, QByteArrayView value)
{
    value = trimmed(value);
    if (!isToken(name) || !isFieldValue(value))
        return false;
    addValidated(name, value);
    return true;
}

void Headers::addValidated(QByteArrayView name, QByteArrayView value)
{
    const auto at = static_cast<std::uint32_t>(m_text.size());
    const auto nameSize = static_cast<std::uint32_t>(name.size());
    m_text.append(name.data(), static_cast<std::size_t>(name.size()));
    m_text.append(value.data(), static_cast<std::size_t>(value.size()));
    m_entries.push_back({at, nameSize, at + nameSize, static_cast<std::uint32_t>(value.size())});
}

bool Headers::set(QByteArrayView name, QByteArrayView value)
{
    if (find(name) < 0)
        return add(name, value);
    if (!isToken(name) || !isFieldValue(value))
        return false;
    // The arguments may be views of this very object.
    const QByteArray ownName = name.toByteArray();
    const QByteArray ownValue = value.toByteArray();
    remove(ownName);
    return add(ownName, ownValue);
}

void Headers::remove(QByteArrayView name)
{
    std::erase_if(m_entries, [&](const Entry& entry) {
        return equalsIgnoringCase(QByteArrayView(m_text.data() + entry.nameAt, entry.nameSize), name);
    });
}

void Headers::clear()
{
    m_text.clear();
    m_entries.clear();
}

qsizetype Headers::find(QByteArrayView name) const
{
    for (std::size_t i = 0; i < m_entries.size(); ++i) {
        const Entry& entry = m_entries[i];
        if (entry.nameSize == static_cast<std::size_t>(name.size()) &&
            equalsIgnoringCase(QByteArrayView(m_text.data() + entry.nameAt, entry.nameSize), name))
            return static_cast<qsizetype>(i);
    }
    return -1;
}

QByteArrayView Headers::value(QByteArrayView name) const
{
    const qsizetype index = find(name);
    return index < 0 ? QByteArrayView() : at(index).value;
}

QByteArray Headers::joined(QByteArrayView name) const
{
    QByteArray all;
    for (qsizetype index = find(name); index >= 0 && index < size(); ++index) {
        const Field field = at(index);
        if (!equalsIgnoringCase(field.name, name))
            continue;
        if (!all.isEmpty())
            all.append(',');
        all.append(field.value);
    }
    return all;
}

qsizetype Headers::count(QByteArrayView name) const
{
    return std::count_if(m_entries.begin(), m_entries.end(), [&](const Entry& entry) {
        return equalsIgnoringCase(QByteArrayView(m_text.data() + entry.nameAt, entry.nameSize), name);
    });
}

Headers::Field Headers::at(qsizetype index) const
{
    const Entry& entry = m_entries[static_cast<std::size_t>(index)];
    return {QByteArrayView(m_text.data() + entry.nameAt, entry.nameSize),
            QByteArrayView(m_text.data() + entry.valueAt, entry.valueSize)};
}

void Headers::appendTo(QByteArray& out) const
{
    for (const Field field : *this) {
        out.append(field.name);
        out.append(": ", 2);
        out.append(field.value);
        out.append("\r\n", 2);
    }
}

void Headers::reserve(qsizetype bytes, qsizetype fields)
{
    m_text.reserve(static_cast<std::size_t>(bytes));
    m_entries.reserve(static_cast<std::size_t>(fields));
}

} // namespace oriel::http
