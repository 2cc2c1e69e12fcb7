# SPDX-License-Identifier: GPL-3.0-or-later
# Signs programs or installers with the certificate of that thumbprint: installer\sign\windows.ps1 THUMBPRINT FILE...
# Programs before packaging, the installers after it. Not yet run on Windows.
param([Parameter(Mandatory)][string]$Thumbprint, [Parameter(Mandatory, ValueFromRemainingArguments)][string[]]$Files)
$ErrorActionPreference = 'Stop'
$timestamp = if ($env:ORIEL_TIMESTAMP_URL) { $env:ORIEL_TIMESTAMP_URL } else { 'http://timestamp.digicert.com' }
foreach ($file in $Files) {
    & signtool sign /sha1 $Thumbprint /fd SHA256 /tr $timestamp /td SHA256 /d Oriel $file
    if ($LASTEXITCODE -ne 0) { throw "signtool could not sign $file." }
    & signtool verify /pa /all $file
    if ($LASTEXITCODE -ne 0) { throw "The signature of $file does not verify." }
}
