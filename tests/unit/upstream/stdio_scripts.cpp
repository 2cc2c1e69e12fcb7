// SPDX-License-Identifier: GPL-3.0-or-later
#include "stdio_scripts.h"

namespace oriel::upstream::test {

config::Server modernScript()
{
    return scriptServer(QStringLiteral(R"sh(
echo $$ >> "$state/starts"
complete='"resultType":"complete"'
capabilities='{"tools":{"listChanged":true},"resources":{"subscribe":true}}'
while read -r line; do
  id=$(printf '%s\n' "$line" | sed 's/.*"id":\([0-9]*\).*/\1/')
  case "$line" in
    *server/discover*) answer "$line" "{$complete,\"supportedVersions\":[\"2026-07-28\"],\"capabilities\":$capabilities,\"ttlMs\":0,\"cacheScope\":\"public\",\"_meta\":{\"io.modelcontextprotocol/serverInfo\":{\"name\":\"m\",\"version\":\"1\"}}}";;
    *subscriptions/listen*)
      printf '{"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s},"notifications":{"toolsListChanged":true,"resourceSubscriptions":["a:b"]}}}\n' "$id"
      printf '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":"other"},"uri":"a:x"}}\n'
      printf '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"_meta":{"io.modelcontextprotocol/subscriptionId":%s},"uri":"a:b"}}\n' "$id";;
    *tools/list*) answer "$line" "{$complete,\"ttlMs\":0,\"cacheScope\":\"private\",\"tools\":[{\"name\":\"one\",\"inputSchema\":{}}]}";;
    *resources/*list*) answer "$line" "{$complete,\"ttlMs\":0,\"cacheScope\":\"private\",\"resources\":[],\"resourceTemplates\":[]}";;
    *'"slow"'*) ;;
    *'"exit"'*) exit 3;;
    *'"ask"'*) printf '{"jsonrpc":"2.0","id":1,"method":"ping"}\n'; answer "$line" "{$complete,\"content\":[]}";;
    *tools/call*) answer "$line" "{$complete,\"content\":[]}";;
    *notifications/*) ;;
    *) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"?"}}\n' "$id";;
  esac
done
)sh"));
}

config::Server legacyScript(const QString& reaction)
{
    return scriptServer(QStringLiteral(R"sh(
echo $$ >> "$state/starts"
read -r line
case "$line" in
  *'"initialize"'*) answer "$line" "$initialized"; read -r line; serve;;
  *) )sh") + reaction + QStringLiteral(";; esac"));
}

} // namespace oriel::upstream::test
