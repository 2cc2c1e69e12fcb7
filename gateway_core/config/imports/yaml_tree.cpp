// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/imports/yaml_tree.h"

#include <QStringDecoder>

#include <cmath>
#include <map>
#include <sstream>
#include <unordered_map>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace oriel::config {

namespace {

constexpr qsizetype kMaxBytes = 1024 * 1024;
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxValues = 20'000;

/// Leaves yaml-cpp's parser, which knows no other way; caught in readYaml().
struct Refusal {
    YamlError error;
};

YamlError errorAt(const YAML::Mark& mark, const QString& message)
{
    if (mark.is_null())
        return {0, 0, message};
    return {static_cast<quint32>(mark.line) + 1, static_cast<quint32>(mark.column) + 1, message};
}

[[noreturn]] void refuse(const YAML::Mark& mark, const QString& message)
{
    throw Refusal{errorAt(mark, message)};
}

/// Builds the tree from the parser's events.
class TreeBuilder : public YAML::EventHandler {
public:
    explicit TreeBuilder(const ScalarRule& onScalar) : m_onScalar(onScalar) {}

    [[nodiscard]] YamlPtr root() const { return m_root; }

    void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { addScalar(mark, QString(), true, anchor); }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override
    {
        const auto known = m_anchors.find(anchor);
        if (known == m_anchors.end())
            refuse(mark, QStringLiteral("an alias stands within what it names"));
        if (expectsKey())
            refuse(mark, QStringLiteral("expected a text as a key, found an alias"));
        count(mark, known->second.values);
        place(mark, known->second.node);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override
    {
        addScalar(mark, QString::fromStdString(value), tag == "?", anchor);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value /*style*/) override
    {
        open(mark, YamlNode::Kind::Sequence, anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value /*style*/) override
    {
        open(mark, YamlNode::Kind::Mapping, anchor);
    }
    void OnMapEnd() override { close(); }

private:
    struct Frame {
        std::shared_ptr<YamlNode> node;
        YAML::anchor_t anchor;
        std::size_t valuesBefore;
        std::optional<QString> key;
    };
    struct Anchored {
        YamlPtr node;
        std::size_t values;
    };

    [[nodiscard]] bool expectsKey() const
    {
        return !m_open.empty() && m_open.back().node->kind == YamlNode::Kind::Mapping && !m_open.back().key;
    }

    void count(const YAML::Mark& mark, std::size_t values)
    {
        m_values += values;
        if (m_values > kMaxValues)
            refuse(mark, QStringLiteral("more than %1 values").arg(kMaxValues));
    }

    void addScalar(const YAML::Mark& mark, const QString& text, bool plain, YAML::anchor_t anchor)
    {
        count(mark, 1);
        if (expectsKey()) {
            if (m_open.back().node->find(text) != nullptr)
                refuse(mark, QStringLiteral("the key \"%1\" stands here twice").arg(text.left(64)));
            m_open.back().key = text;
            return;
        }
        const auto node = newNode(mark, YamlNode::Kind::Scalar);
        node->plain = plain;
        node->text = text;
        if (m_onScalar) {
            const auto changed = m_onScalar(text);
            if (!changed)
                refuse(mark, changed.error());
            node->text = *changed;
        }
        if (anchor != YAML::NullAnchor)
            m_anchors[anchor] = {node, 1};
        place(mark, node);
    }

    static std::shared_ptr<YamlNode> newNode(const YAML::Mark& mark, YamlNode::Kind kind)
    {
        auto node = std::make_shared<YamlNode>();
        node->kind = kind;
        node->line = static_cast<quint32>(mark.line) + 1;
        node->column = static_cast<quint32>(mark.column) + 1;
        return node;
    }

    void open(const YAML::Mark& mark, YamlNode::Kind kind, YAML::anchor_t anchor)
    {
        if (expectsKey())
            refuse(mark, QStringLiteral("expected a text as a key"));
        if (m_open.size() >= kMaxDepth)
            refuse(mark, QStringLiteral("more than %1 levels").arg(kMaxDepth));
        count(mark, 1);
        const auto node = newNode(mark, kind);
        place(mark, node);
        m_open.push_back({node, anchor, m_values - 1, std::nullopt});
    }

    void close()
    {
        const Frame& frame = m_open.back();
        if (frame.anchor != YAML::NullAnchor)
            m_anchors[frame.anchor] = {frame.node, m_values - frame.valuesBefore};
        m_open.pop_back();
    }

    void place(const YAML::Mark& mark, const YamlPtr& node)
    {
        if (m_open.empty()) {
            if (m_root)
                refuse(mark, QStringLiteral("expected one document"));
            m_root = node;
            return;
        }
        Frame& frame = m_open.back();
        if (frame.node->kind == YamlNode::Kind::Sequence) {
            frame.node->items.push_back(node);
        } else {
            frame.node->members.emplace_back(*frame.key, node);
            frame.key.reset();
        }
    }

    const ScalarRule& m_onScalar;
    std::vector<Frame> m_open;
    std::unordered_map<YAML::anchor_t, Anchored> m_anchors;
    std::size_t m_values = 0;
    YamlPtr m_root;
};

QString sentence(const std::string& message)
{
    return QString::fromStdString(message).simplified();
}

} // namespace

bool YamlNode::isNull() const
{
    return kind == Kind::Scalar && plain &&
           (text.isEmpty() || text == QLatin1String("~") || text == QLatin1String("null") || text == QLatin1String("Null") ||
            text == QLatin1String("NULL"));
}

std::optional<bool> YamlNode::asBool() const
{
    if (kind != Kind::Scalar || !plain)
        return std::nullopt;
    if (text == QLatin1String("true") || text == QLatin1String("True") || text == QLatin1String("TRUE"))
        return true;
    if (text == QLatin1String("false") || text == QLatin1String("False") || text == QLatin1String("FALSE"))
        return false;
    return std::nullopt;
}

std::optional<qint64> YamlNode::asInteger() const
{
    if (kind != Kind::Scalar || !plain)
        return std::nullopt;
    bool ok = false;
    const bool hex = text.startsWith(QLatin1String("0x"));
    const bool octal = text.startsWith(QLatin1String("0o"));
    const qint64 value = hex || octal ? text.mid(2).toLongLong(&ok, hex ? 16 : 8) : text.toLongLong(&ok, 10);
    return ok ? std::optional(value) : std::nullopt;
}

std::optional<double> YamlNode::asNumber() const
{
    if (const auto integer = asInteger())
        return static_cast<double>(*integer);
    if (kind != Kind::Scalar || !plain)
        return std::nullopt;
    bool ok = false;
    const double value = text.toDouble(&ok);
    return ok && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

const YamlNode* YamlNode::find(QStringView key) const
{
    for (const auto& [name, value] : members) {
        if (name == key)
            return value.get();
    }
    return nullptr;
}

tl::expected<YamlPtr, YamlError> readYaml(QByteArrayView text, const ScalarRule& onScalar)
{
    if (text.size() > kMaxBytes)
        return tl::unexpected(YamlError{0, 0, QStringLiteral("larger than 1 MiB")});
    QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
    const QString decoded = decoder.decode(text);
    if (decoder.hasError() || decoded.contains(QChar(0)))
        return tl::unexpected(YamlError{0, 0, QStringLiteral("is not text in UTF-8")});
    try {
        std::istringstream stream(std::string(text.data(), static_cast<std::size_t>(text.size())));
        YAML::Parser parser(stream);
        TreeBuilder builder(onScalar);
        if (!parser.HandleNextDocument(builder) || !builder.root())
            return std::make_shared<const YamlNode>(YamlNode{YamlNode::Kind::Scalar, true, 1, 1, {}, {}, {}});
        (void)parser.HandleNextDocument(builder);
        return builder.root();
    } catch (const Refusal& refusal) {
        return tl::unexpected(refusal.error);
    } catch (const YAML::Exception& error) {
        return tl::unexpected(errorAt(error.mark, sentence(error.msg)));
    } catch (const std::exception& error) {
        return tl::unexpected(YamlError{0, 0, sentence(error.what())});
    }
}

} // namespace oriel::config
