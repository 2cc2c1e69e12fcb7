// SPDX-License-Identifier: GPL-3.0-or-later
#include "privacy/detector_table.h"
#include "privacy/text_chars.h"

#include <QByteArray>

#include <algorithm>
#include <array>
#include <cmath>

namespace oriel::privacy {

namespace {

double bitsPerCharacter(std::string_view text)
{
    std::array<std::uint32_t, 256> counts{};
    for (const char c : text)
        ++counts[static_cast<unsigned char>(c)];
    double bits = 0;
    for (const std::uint32_t count : counts) {
        if (count == 0)
            continue;
        const double share = static_cast<double>(count) / static_cast<double>(text.size());
        bits -= share * std::log2(share);
    }
    return bits;
}

bool looksRandom(std::string_view text)
{
    const bool mixed = std::any_of(text.begin(), text.end(), [](char c) { return isDigit(c) || (c >= 'A' && c <= 'Z'); });
    return mixed && !text.empty() && bitsPerCharacter(text) >= 3.0;
}

std::string digitsOf(std::string_view text)
{
    std::string digits;
    std::copy_if(text.begin(), text.end(), std::back_inserter(digits), isDigit);
    return digits;
}

bool luhnHolds(std::string_view digits)
{
    int sum = 0;
    bool twice = false;
    for (auto it = digits.rbegin(); it != digits.rend(); ++it, twice = !twice) {
        int value = *it - '0';
        if (twice && (value *= 2) > 9)
            value -= 9;
        sum += value;
    }
    return sum % 10 == 0;
}

struct CardNetwork {
    int prefixDigits;
    int first;
    int last;
    std::size_t shortest;
    std::size_t longest;
};

constexpr CardNetwork kNetworks[] = {
    {1, 4, 4, 13, 19},                                                   // Visa: 13, 16, 19
    {2, 51, 55, 16, 16},                                                 // Mastercard
    {4, 2221, 2720, 16, 16},                                             // Mastercard
    {2, 34, 34, 15, 15},     {2, 37, 37, 15, 15},                        // American Express
    {4, 6011, 6011, 16, 19}, {3, 644, 649, 16, 19}, {2, 65, 65, 16, 19}, // Discover
    {3, 300, 305, 14, 16},   {2, 36, 36, 14, 14},   {2, 38, 39, 14, 16}, // Diners Club
    {4, 3528, 3589, 16, 16},                                             // JCB
    {2, 62, 62, 16, 19},                                                 // UnionPay
};

bool isPaymentCard(std::string_view text)
{
    const std::string digits = digitsOf(text);
    if (digits.size() < 13 || digits.size() > 19 || !luhnHolds(digits))
        return false;
    if (digits.find_first_not_of(digits.front()) == std::string::npos)
        return false;
    return std::any_of(std::begin(kNetworks), std::end(kNetworks), [&digits](const CardNetwork& network) {
        const int prefix = std::stoi(digits.substr(0, static_cast<std::size_t>(network.prefixDigits)));
        const bool lengthFits = digits.size() >= network.shortest && digits.size() <= network.longest;
        const bool visaLength = network.first != 4 || digits.size() == 13 || digits.size() == 16 || digits.size() == 19;
        return lengthFits && visaLength && prefix >= network.first && prefix <= network.last;
    });
}

struct IbanLength {
    char country[3];
    std::size_t length;
};

constexpr IbanLength kIbanLengths[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22}, {"BR", 29},
    {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29},
    {"ES", 24}, {"FI", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28},
    {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20},
    {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22},
    {"MK", 19}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NL", 18}, {"NO", 15}, {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25},
    {"QA", 29}, {"RO", 24}, {"RS", 22}, {"SA", 24}, {"SC", 31}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"ST", 25},
    {"SV", 28}, {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20},
};

bool isIban(std::string_view text)
{
    std::string compact;
    std::copy_if(text.begin(), text.end(), std::back_inserter(compact), [](char c) { return c != ' '; });
    if (compact.size() < 15)
        return false;
    const auto* known = std::find_if(std::begin(kIbanLengths), std::end(kIbanLengths),
                                     [&compact](const IbanLength& entry) { return compact.compare(0, 2, entry.country) == 0; });
    if (known == std::end(kIbanLengths) || compact.size() != known->length)
        return false;
    std::rotate(compact.begin(), compact.begin() + 4, compact.end());
    int remainder = 0;
    for (const char c : compact) {
        const int value = isDigit(c) ? c - '0' : c - 'A' + 10;
        remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
    }
    return remainder == 1;
}

bool isSocialSecurityNumber(std::string_view text)
{
    const std::string digits = digitsOf(text);
    if (digits.size() != 9 || digits.find_first_not_of(digits.front()) == std::string::npos)
        return false;
    const std::string area = digits.substr(0, 3);
    if (area == "000" || area == "666" || area.front() == '9' || digits.compare(3, 2, "00") == 0 ||
        digits.compare(5, 4, "0000") == 0)
        return false;
    return digits != "078051120" && digits != "219099999" && digits != "123456789";
}

bool isBasicCredentials(std::string_view text)
{
    const auto decoded = QByteArray::fromBase64Encoding(QByteArray(text.data(), static_cast<qsizetype>(text.size())),
                                                        QByteArray::Base64Encoding | QByteArray::AbortOnBase64DecodingErrors);
    if (!decoded || !(*decoded).contains(':'))
        return false;
    return std::all_of((*decoded).begin(), (*decoded).end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

} // namespace

bool passesValidator(Validator validator, std::string_view text)
{
    switch (validator) {
    case Validator::None:
        return true;
    case Validator::Entropy:
        return looksRandom(text);
    case Validator::PaymentCard:
        return isPaymentCard(text);
    case Validator::BasicCredentials:
        return isBasicCredentials(text);
    case Validator::Iban:
        return isIban(text);
    case Validator::SocialSecurity:
        return isSocialSecurityNumber(text);
    }
    return false;
}

} // namespace oriel::privacy
