// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/gui_test.h"
#include "ui/theme/icons.h"
#include "ui/theme/oriel_style.h"
#include "ui/theme/service_colors.h"
#include "ui/theme/theme_source.h"

#include <QPushButton>
#include <QSet>

using namespace oriel::ui;

namespace {

class ManualThemeSource final : public ThemeSource {
    Q_OBJECT
public:
    [[nodiscard]] Theme::Mode mode() const override { return current; }
    void change(Theme::Mode next)
    {
        current = next;
        Q_EMIT modeChanged();
    }
    Theme::Mode current = Theme::Mode::Dark;
};

} // namespace

class TestTheme : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void init() { oriel::test::failOnUnexpectedWarnings(); }

    void contrastRunsFromOneToTwentyOne()
    {
        QCOMPARE(contrastRatio(Qt::black, Qt::black), 1.0);
        QVERIFY(std::abs(contrastRatio(Qt::black, Qt::white) - 21.0) < 0.001);
        QCOMPARE(contrastRatio(Qt::white, Qt::black), contrastRatio(Qt::black, Qt::white));
    }

    void whatMustBeReadHasEnoughContrast_data()
    {
        QTest::addColumn<QColor>("front");
        QTest::addColumn<QColor>("back");
        for (const Theme& theme : {Theme::dark(), Theme::light()}) {
            const QByteArray mode = theme.isDark() ? "dark" : "light";
            const auto row = [&](const char* name, const QColor& front, const QColor& back) {
                QTest::newRow((mode + ' ' + name).constData()) << front << back;
            };
            for (const QColor& ground : {theme.window, theme.panel, theme.raised, theme.hover, theme.selection}) {
                const QByteArray on = " on " + ground.name().toLatin1();
                row(("text" + on).constData(), theme.text, ground);
                row(("dim" + on).constData(), theme.dim, ground);
            }
            for (const Tone tone : {Tone::Accent, Tone::Good, Tone::Warning, Tone::Error}) {
                row(("tone on panel " + QByteArray::number(int(tone))).constData(), theme.toneText(tone), theme.panel);
                row(("tone on its tint " + QByteArray::number(int(tone))).constData(), theme.toneText(tone),
                    theme.toneTint(tone));
                row(("text on tint " + QByteArray::number(int(tone))).constData(), theme.text, theme.toneTint(tone));
                row(("dim on tint " + QByteArray::number(int(tone))).constData(), theme.dim, theme.toneTint(tone));
            }
            row("primary button", theme.onAccent, theme.accent);
            row("alarm badge", theme.onError, theme.error);
            row("masked text", theme.onMask, theme.mask);
        }
    }
    void whatMustBeReadHasEnoughContrast()
    {
        QFETCH(QColor, front);
        QFETCH(QColor, back);
        QVERIFY2(contrastRatio(front, back) >= 4.5, qPrintable(QString::number(contrastRatio(front, back))));
    }

    void barsAndLampsStandOutFromTheCards()
    {
        for (const Theme& theme : {Theme::dark(), Theme::light()}) {
            for (const QColor& color : theme.services)
                QVERIFY2(contrastRatio(color, theme.panel) >= 3, qPrintable(color.name()));
            for (const QColor& color : {theme.accent, theme.error, theme.warning, theme.good, theme.dim})
                QVERIFY2(contrastRatio(color, theme.panel) >= 3, qPrintable(color.name()));
        }
    }

    void serviceColoursDifferAndLeaveRedToErrors()
    {
        for (const Theme& theme : {Theme::dark(), Theme::light()}) {
            QSet<QRgb> seen;
            for (const QColor& color : theme.services) {
                seen.insert(color.rgb());
                const bool grey = color.hsvSaturationF() < 0.25F;
                QVERIFY2(grey || (color.hsvHue() >= 15 && color.hsvHue() <= 300), qPrintable(color.name()));
            }
            QCOMPARE(seen.size(), qsizetype(Theme::serviceColorCount));
        }
    }

    void aServiceKeepsItsColourFromSessionToSession()
    {
        ServiceColors first;
        ServiceColors second;
        QCOMPARE(first.slot(QStringLiteral("github")), second.slot(QStringLiteral("github")));
        QCOMPARE(ServiceColors::hash(QStringLiteral("")), 2166136261U);
        QCOMPARE(ServiceColors::hash(QStringLiteral("a")), 0xe40c292cU);
    }

    void servicesDoNotShareAColourWhileOneIsFree()
    {
        ServiceColors colors;
        QSet<std::size_t> slots;
        for (std::size_t i = 0; i < Theme::serviceColorCount; ++i)
            slots.insert(colors.slot(QStringLiteral("service-%1").arg(i)));
        QCOMPARE(slots.size(), qsizetype(Theme::serviceColorCount));
        QVERIFY(colors.slot(QStringLiteral("one more")) < Theme::serviceColorCount);
    }

    void assignmentsSurviveSavingAndWrongOnesAreIgnored()
    {
        ServiceColors before;
        before.pin(QStringLiteral("gateway"), 0);
        const std::size_t fs = before.slot(QStringLiteral("fs"));
        ServiceColors after;
        auto saved = before.assignments();
        saved.insert(QStringLiteral("broken"), 99);
        after.restore(saved);
        QCOMPARE(after.slot(QStringLiteral("gateway")), std::size_t(0));
        QCOMPARE(after.slot(QStringLiteral("fs")), fs);
        QVERIFY(after.slot(QStringLiteral("broken")) < Theme::serviceColorCount);
    }

    void thePortalsAnswerIsUnderstood()
    {
        QCOMPARE(SystemThemeSource::modeFromPortal(1, Theme::Mode::Light), Theme::Mode::Dark);
        QCOMPARE(SystemThemeSource::modeFromPortal(2, Theme::Mode::Dark), Theme::Mode::Light);
        QCOMPARE(SystemThemeSource::modeFromPortal(0, Theme::Mode::Light), Theme::Mode::Light);
        QCOMPARE(SystemThemeSource::modeFromPortal(7, Theme::Mode::Dark), Theme::Mode::Dark);
    }

    void theApplicationFollowsTheDesktopWhileItIsShown()
    {
        auto source = std::make_unique<ManualThemeSource>();
        ManualThemeSource* desktop = source.get();
        Appearance appearance(std::move(source));
        QWidget window;
        window.show();
        QVERIFY(themeOf(&window).isDark());
        QSignalSpy changed(&appearance, &Appearance::themeChanged);
        desktop->change(Theme::Mode::Light);
        QCOMPARE(changed.size(), 1);
        QVERIFY(!themeOf(&window).isDark());
        QTRY_COMPARE(window.palette().color(QPalette::WindowText), Theme::light().text);
        appearance.setPreference(Appearance::Preference::Dark);
        QVERIFY(themeOf(&window).isDark());
        desktop->change(Theme::Mode::Light);
        QVERIFY(themeOf(&window).isDark());
    }

    void preferencesAreReadByName()
    {
        for (const auto preference :
             {Appearance::Preference::System, Appearance::Preference::Dark, Appearance::Preference::Light})
            QCOMPARE(Appearance::preferenceFromName(Appearance::nameOf(preference)), preference);
        QCOMPARE(Appearance::preferenceFromName(QStringLiteral("Dark")), Appearance::Preference::Dark);
        QCOMPARE(Appearance::preferenceFromName(QStringLiteral("purple")), Appearance::Preference::System);
    }

    void everyIconExistsAndTakesItsTint()
    {
        for (const IconName name : allIcons()) {
            QImage image(32, 32, QImage::Format_ARGB32_Premultiplied);
            image.fill(Qt::transparent);
            QPainter painter(&image);
            paintIcon(painter, image.rect(), name, QColor(Qt::blue));
            painter.end();
            int inked = 0;
            for (int y = 0; y < image.height(); ++y) {
                for (int x = 0; x < image.width(); ++x) {
                    const QColor pixel = image.pixelColor(x, y);
                    if (pixel.alpha() < 128)
                        continue;
                    ++inked;
                    QVERIFY2(pixel.blue() > 200 && pixel.red() < 40, qPrintable(iconFileName(name)));
                }
            }
            QVERIFY2(inked > 20, qPrintable(iconFileName(name)));
        }
    }

    void anIconChangesWithTheTheme()
    {
        Appearance appearance(nullptr, Appearance::Preference::Dark);
        const QIcon sign = themedIcon(IconName::Stop, IconTint::Text);
        const QImage dark = sign.pixmap(16, 16).toImage();
        appearance.setPreference(Appearance::Preference::Light);
        QVERIFY(sign.pixmap(16, 16).toImage() != dark);
        QVERIFY(sign.pixmap(16, 16, QIcon::Disabled).toImage() != sign.pixmap(16, 16).toImage());
    }
};

QTEST_MAIN(TestTheme)
#include "tst_theme.moc"
