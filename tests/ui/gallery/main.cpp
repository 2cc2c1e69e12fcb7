// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_data.h"
#include "sample_sections.h"
#include "ui/shell/command_palette.h"
#include "ui/shell/main_window.h"
#include "ui/shell/ui_settings.h"
#include "ui/theme/service_colors.h"
#include "ui/theme/theme_source.h"
#include "ui/widgets/filter_bar.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QLineEdit>
#include <QTextStream>

using namespace oriel;

int main(int argc, char** argv)
{
    QApplication application(argc, argv);
    QCommandLineParser arguments;
    arguments.addHelpOption();
    arguments.addOptions(
        {{QStringLiteral("screenshot"), QStringLiteral("Write a picture and exit"), QStringLiteral("file")},
         {QStringLiteral("theme"), QStringLiteral("dark, light or system"), QStringLiteral("name"), QStringLiteral("system")},
         {QStringLiteral("section"), QStringLiteral("Section to show"), QStringLiteral("id"), QStringLiteral("overview")},
         {QStringLiteral("size"), QStringLiteral("Window size"), QStringLiteral("WxH"), QStringLiteral("1440x900")},
         {QStringLiteral("filter"), QStringLiteral("Filter to apply"), QStringLiteral("text")},
         {QStringLiteral("palette"), QStringLiteral("Open the command palette with this text"), QStringLiteral("text")},
         {QStringLiteral("keys"), QStringLiteral("Open the keyboard sheet")},
         {QStringLiteral("rtl"), QStringLiteral("Right to left")}});
    arguments.process(application);
    if (arguments.isSet(QStringLiteral("rtl")))
        QApplication::setLayoutDirection(Qt::RightToLeft);
    ui::Appearance appearance(std::make_unique<ui::SystemThemeSource>(),
                              ui::Appearance::preferenceFromName(arguments.value(QStringLiteral("theme"))));
    appearance.serviceColors().pin(QStringLiteral("github"), 2);
    appearance.serviceColors().pin(QStringLiteral("db"), 1);
    appearance.serviceColors().pin(QStringLiteral("fs"), 4);
    ui::MemoryUiSettings settings;
    ui::MainWindow window(gallery::sampleSections(), settings);
    const QStringList size = arguments.value(QStringLiteral("size")).split(QLatin1Char('x'));
    window.resize(size.value(0).toInt(), size.value(1).toInt());
    window.setStatus(gallery::sampleStatus());
    Q_EMIT window.sections()[1]->badgeChanged({1284, ui::Badge::Kind::Count});
    Q_EMIT window.sections()[4]->badgeChanged({1190, ui::Badge::Kind::Count});
    Q_EMIT window.sections()[5]->badgeChanged({4, ui::Badge::Kind::Count});
    Q_EMIT window.sections()[7]->badgeChanged({1, ui::Badge::Kind::Alarm});
    window.showSection(arguments.value(QStringLiteral("section")));
    window.filterBar()->setText(arguments.value(QStringLiteral("filter")));
    window.show();
    if (arguments.isSet(QStringLiteral("palette"))) {
        window.showCommandPalette();
        window.commandPalette()->edit()->setText(arguments.value(QStringLiteral("palette")));
    }
    if (arguments.isSet(QStringLiteral("keys")))
        window.showKeyboardSheet();
    if (!arguments.isSet(QStringLiteral("screenshot")))
        return application.exec();
    QCoreApplication::processEvents();
    QWidget* shown = arguments.isSet(QStringLiteral("keys")) ? QApplication::activeModalWidget() : &window;
    const QString file = arguments.value(QStringLiteral("screenshot"));
    if (!shown->grab().save(file)) {
        QTextStream(stderr) << "Cannot write " << file << '\n';
        return 1;
    }
    return 0;
}
