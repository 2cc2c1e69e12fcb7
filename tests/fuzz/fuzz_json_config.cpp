// SPDX-License-Identifier: GPL-3.0-or-later
// Comments and trailing commas only ever add texts: what strict reading accepts reads the same with them allowed.
#include "base/json.h"

#include <cstdlib>

using namespace oriel;

namespace {

void require(bool condition)
{
    if (!condition) {
        std::abort();
    }
}

bool same(const json::Value& a, const json::Value& b)
{
    if (a.kind() != b.kind() || a.span() != b.span() || a.size() != b.size()) {
        return false;
    }
    auto other = b.elements().begin();
    for (const json::Value& element : a.elements()) {
        if (!same(element, *other)) {
            return false;
        }
        ++other;
    }
    auto otherMember = b.members().begin();
    for (const json::Member& member : a.members()) {
        if (member.key.span() != (*otherMember).key.span() || !same(member.value, (*otherMember).value)) {
            return false;
        }
        ++otherMember;
    }
    return true;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const QByteArrayView text(reinterpret_cast<const char*>(data), static_cast<qsizetype>(size));
    json::ParseOptions lenient;
    lenient.allowComments = true;
    json::Document strictly;
    json::Document leniently;
    const bool strict = strictly.parse(text).has_value();
    const auto parsed = leniently.parse(text, lenient);
    require(!strict || parsed.has_value());
    if (strict) {
        require(same(strictly.root(), leniently.root()));
    }
    if (parsed) {
        for (const json::Member& member : leniently.root().members()) {
            require(!json::pathOf(leniently, member.value).isEmpty());
        }
    } else {
        require(!parsed.error().toString().isEmpty());
    }
    return 0;
}
