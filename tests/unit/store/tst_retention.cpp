// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/retention.h"

#include <QTest>

using namespace oriel;
using namespace oriel::store;

namespace {

constexpr std::int64_t kDay = 24LL * 3600 * 1'000'000'000;

class Target : public RetentionTarget {
public:
    Target(QString name, bool works) : m_name(std::move(name)), m_works(works) {}
    QString retentionName() const override { return m_name; }
    Result<RetentionPreview> previewRetention(const RetentionLimits& limits) const override
    {
        last = limits;
        RetentionPreview preview;
        preview.store = m_name;
        preview.rows = 3;
        return preview;
    }
    Result<RetentionPreview> applyRetention(const RetentionLimits& limits, std::stop_token) override
    {
        ++applied;
        if (!m_works)
            return fail(ErrorCode::Io, QStringLiteral("broken"), m_name);
        return previewRetention(limits);
    }
    mutable RetentionLimits last;
    int applied = 0;

private:
    QString m_name;
    bool m_works;
};

} // namespace

class RetentionTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void limitsFollowFromTheConfiguration()
    {
        const ManualClock clock;
        config::Retention retention;
        retention.traceDays = 2;
        retention.traceBytes = 1000;
        retention.auditDays = 90;
        retention.logDays = 0;
        const RetentionPolicy policy(clock, retention);
        QCOMPARE(policy.limitsFor(QStringLiteral("traces")).keepAfterUnixNs, clock.unixNs() - 2 * kDay);
        QCOMPARE(policy.limitsFor(QStringLiteral("traces")).maxBytes, 1000);
        QCOMPARE(policy.limitsFor(QStringLiteral("audit")).keepAfterUnixNs, clock.unixNs() - 90 * kDay);
        QCOMPARE(policy.limitsFor(QStringLiteral("audit")).maxBytes, 0);
        QCOMPARE(policy.limitsFor(QStringLiteral("logs")).keepAfterUnixNs, 0); // no limit by age
        QCOMPARE(policy.limitsFor(QStringLiteral("unknown")).keepAfterUnixNs, 0);
    }

    void oneStoreThatFailsDoesNotKeepTheOthersFromForgetting()
    {
        const ManualClock clock;
        RetentionPolicy policy(clock, {});
        Target broken(QStringLiteral("logs"), false);
        Target good(QStringLiteral("traces"), true);
        policy.add(broken);
        policy.add(good);
        QStringList deleted;
        policy.onDeleted = [&](const RetentionPreview& gone) { deleted << gone.store; };
        const auto result = policy.apply();
        QVERIFY(!result.has_value());
        QCOMPARE(result.error().context, QStringLiteral("logs"));
        QCOMPARE(good.applied, 1);
        QCOMPARE(deleted, QStringList{QStringLiteral("traces")});
        QCOMPARE(policy.preview()->size(), std::size_t(2));
    }

    void aStopEndsTheRun()
    {
        const ManualClock clock;
        RetentionPolicy policy(clock, {});
        Target good(QStringLiteral("traces"), true);
        policy.add(good);
        std::stop_source source;
        source.request_stop();
        QCOMPARE(policy.apply(source.get_token()).error().code, ErrorCode::Cancelled);
        QCOMPARE(good.applied, 0);
    }
};

QTEST_GUILESS_MAIN(RetentionTest)
#include "tst_retention.moc"
