# SPDX-License-Identifier: GPL-3.0-or-later
# Installs silently, starts Oriel from there, removes it, checks that nothing is left: installer\verify\windows.ps1 SETUP.exe VERSION
# Not yet run on Windows.
param([Parameter(Mandatory)][string]$Setup, [Parameter(Mandatory)][string]$Version)
$ErrorActionPreference = 'Stop'
$folder = Join-Path ([IO.Path]::GetTempPath()) ("oriel-verify-" + [Guid]::NewGuid())
$run = Start-Process -FilePath $Setup -ArgumentList '/S', "/D=$folder" -Wait -PassThru
if ($run.ExitCode -ne 0) { throw "The installer ended with $($run.ExitCode)." }
$printed = & (Join-Path $folder 'oriel.exe') --version
if ("$printed" -notlike "*$Version*") { throw "oriel --version printed: $printed" }
$remover = Get-ChildItem $folder -Filter 'Uninstall*.exe' | Select-Object -First 1
# _?= keeps the remover in place so that -Wait waits for it; it cannot delete itself then.
$run = Start-Process -FilePath $remover.FullName -ArgumentList '/S', "_?=$folder" -Wait -PassThru
if ($run.ExitCode -ne 0) { throw "The removal ended with $($run.ExitCode)." }
$left = Get-ChildItem $folder -Recurse -File -ErrorAction SilentlyContinue | Where-Object { $_.FullName -ne $remover.FullName }
if ($left) { throw "This is left: $($left.FullName -join ', ')" }
Remove-Item -Recurse -Force $folder
Write-Host "$(Split-Path -Leaf $Setup): installed, started, removed."
