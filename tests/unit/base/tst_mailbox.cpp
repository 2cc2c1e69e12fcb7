// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/mailbox.h"

#include <QCoreApplication>
#include <QTest>
#include <QThread>

#include <memory>
#include <thread>

using oriel::Mailbox;

class MailboxTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void workOfOneSenderIsDoneInItsOrder();
    void workOfManySendersIsDoneOnTheReadersThread();
    void workThatPostsWorkIsNotDoneBeforeWhatWaited();
    void whatWaitsAtTheEndIsDropped();
    void theEndMayComeFromTheWork();
    void whatTheReaderDidIsSeenByTheThreadThatEndsTheMailbox();
};

void MailboxTest::workOfOneSenderIsDoneInItsOrder()
{
    Mailbox mailbox(*this);
    QList<int> done;
    for (int i = 0; i < 5; ++i)
        mailbox.post([&done, i] { done.append(i); });
    QVERIFY(done.isEmpty());
    QTRY_COMPARE(done, (QList<int>{0, 1, 2, 3, 4}));
}

void MailboxTest::workOfManySendersIsDoneOnTheReadersThread()
{
    Mailbox mailbox(*this);
    int done = 0;
    bool elsewhere = false;
    std::vector<std::thread> senders;
    for (int sender = 0; sender < 4; ++sender) {
        senders.emplace_back([&] {
            for (int i = 0; i < 1'000; ++i)
                mailbox.post([&] {
                    ++done;
                    elsewhere |= QThread::currentThread() != thread();
                });
        });
    }
    for (std::thread& sender : senders)
        sender.join();
    QTRY_COMPARE(done, 4'000);
    QVERIFY(!elsewhere);
}

void MailboxTest::workThatPostsWorkIsNotDoneBeforeWhatWaited()
{
    Mailbox mailbox(*this);
    QString done;
    mailbox.post([&] {
        done += QLatin1Char('a');
        mailbox.post([&] { done += QLatin1Char('c'); });
    });
    mailbox.post([&] { done += QLatin1Char('b'); });
    QTRY_COMPARE(done, QStringLiteral("abc"));
}

void MailboxTest::whatWaitsAtTheEndIsDropped()
{
    bool isDone = false;
    {
        Mailbox mailbox(*this);
        mailbox.post([&] { isDone = true; });
    }
    QCoreApplication::processEvents();
    QVERIFY(!isDone);
}

void MailboxTest::theEndMayComeFromTheWork()
{
    auto mailbox = std::make_unique<Mailbox>(*this);
    QString done;
    mailbox->post([&] {
        done += QLatin1Char('a');
        mailbox.reset();
    });
    mailbox->post([&] { done += QLatin1Char('b'); });
    QTRY_VERIFY(!mailbox);
    QCoreApplication::processEvents();
    QCOMPARE(done, QStringLiteral("a"));
}

void MailboxTest::whatTheReaderDidIsSeenByTheThreadThatEndsTheMailbox()
{
    QThread thread;
    QObject reader;
    auto mailbox = std::make_unique<Mailbox>(reader);
    reader.moveToThread(&thread);
    thread.start();
    int sum = 0;
    for (int i = 1; i <= 100; ++i)
        mailbox->post([&sum, i] { sum += i; });
    mailbox->post([&thread] { thread.quit(); });
    QVERIFY(thread.wait());
    mailbox.reset();
    QCOMPARE(sum, 5'050);
}

QTEST_GUILESS_MAIN(MailboxTest)
#include "tst_mailbox.moc"
