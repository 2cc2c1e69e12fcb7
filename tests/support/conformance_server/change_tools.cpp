// SPDX-License-Identifier: GPL-3.0-or-later
// Tools that make the server announce a change. In the legacy era the lists do change; those of 2026-07-28 must not change as a
// side effect of a request.
#include "change_feed.h"
#include "tools.h"

namespace oriel::conformance {

void Tools::addChangeTools()
{
    using CallPtr = const std::shared_ptr<Call>&;
    add(u"test_trigger_tool_change"_s, u"Announces a change of the tools"_s, noArguments(), [this](CallPtr call) {
        m_hasExtraTool = m_hasExtraTool != !call->isModern();
        m_changes.listChanged(ChangeFeed::List::Tools);
        call->finish(textResult(u"The change of the tools was announced"_s));
    });
    add(u"test_trigger_prompt_change"_s, u"Announces a change of the prompts"_s, noArguments(), [this](CallPtr call) {
        m_hasExtraPrompt = m_hasExtraPrompt != !call->isModern();
        m_changes.listChanged(ChangeFeed::List::Prompts);
        call->finish(textResult(u"The change of the prompts was announced"_s));
    });
    add(u"test_trigger_resource_change"_s, u"Announces a change of the resources"_s, noArguments(), [this](CallPtr call) {
        m_changes.listChanged(ChangeFeed::List::Resources);
        call->finish(textResult(u"The change of the resources was announced"_s));
    });
    add(u"test_trigger_resource_update"_s, u"Announces that test://watched-resource has changed"_s, noArguments(),
        [this](CallPtr call) {
            m_changes.resourceUpdated(u"test://watched-resource"_s);
            call->finish(textResult(u"The update of test://watched-resource was announced"_s));
        });
    add(u"test_extra_tool"_s, u"Exists while test_trigger_tool_change wants it to"_s, noArguments(),
        [](CallPtr call) { call->finish(textResult(u"The extra tool"_s)); });
}

} // namespace oriel::conformance
