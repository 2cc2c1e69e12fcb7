# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing (vcpkg), builds the release programs and starts Oriel with the arguments given: .\run.ps1 [oriel's arguments]
# Wants Visual Studio 2022 (or its Build Tools) with C++, CMake and Git. Written with care, not yet run on Windows.
$ErrorActionPreference = 'Stop'
$root = $PSScriptRoot
$build = Join-Path $root 'build\release'
$program = Join-Path $build 'bin\oriel.exe'
$stamp = Join-Path $build '.run-stamp'

function Test-UpToDate {
    if (-not (Test-Path $program) -or -not (Test-Path $stamp)) { return $false }
    $built = (Get-Item $stamp).LastWriteTimeUtc
    $sources = 'CMakeLists.txt', 'CMakePresets.json', 'app', 'cmake', 'gateway_core', 'installer', 'resources', 'ui' |
        ForEach-Object { Join-Path $root $_ }
    $newer = Get-ChildItem -Path $sources -Recurse -File | Where-Object { $_.LastWriteTimeUtc -gt $built } | Select-Object -First 1
    return $null -eq $newer
}

function Invoke-Checked([string]$command, [string[]]$arguments) {
    & $command @arguments | Out-Host
    if ($LASTEXITCODE -ne 0) { throw "$command failed with exit code $LASTEXITCODE." }
}

function Enter-DeveloperShell {
    if (Get-Command cl.exe -ErrorAction SilentlyContinue) { return }
    $vswhere = Join-Path ${env:ProgramFiles(x86)} 'Microsoft Visual Studio\Installer\vswhere.exe'
    if (-not (Test-Path $vswhere)) { throw 'Visual Studio 2022 or its Build Tools with "Desktop development with C++" is needed.' }
    $studio = & $vswhere -latest -products * -requires Microsoft.VisualStudio.Component.VC.Tools.x86.x64 -property installationPath
    if (-not $studio) { throw 'Visual Studio is there without its C++ tools: add "Desktop development with C++" in its installer.' }
    & (Join-Path $studio 'Common7\Tools\Launch-VsDevShell.ps1') -Arch amd64 -HostArch amd64 -SkipAutomaticLocation | Out-Null
}

function Get-VcpkgRoot {
    if ($env:VCPKG_ROOT -and (Test-Path (Join-Path $env:VCPKG_ROOT 'scripts\buildsystems\vcpkg.cmake'))) { return $env:VCPKG_ROOT }
    $folder = Join-Path $root '.cache\vcpkg'
    if (-not (Test-Path (Join-Path $folder 'vcpkg.exe'))) {
        Invoke-Checked 'git' @('clone', '--depth', '1', 'https://github.com/microsoft/vcpkg.git', $folder)
        Invoke-Checked (Join-Path $folder 'bootstrap-vcpkg.bat') @('-disableMetrics')
    }
    return $folder
}

if (-not (Test-UpToDate)) {
    $started = [DateTime]::UtcNow
    Enter-DeveloperShell
    $vcpkg = Get-VcpkgRoot
    Push-Location $root
    try {
        Write-Host 'Building Oriel (the first time takes long: vcpkg builds Qt) ...'
        if (-not (Test-Path (Join-Path $build 'build.ninja'))) {
            Invoke-Checked 'cmake' @('--preset', 'release', '-DORIEL_TESTS=OFF', '-DORIEL_BENCHMARKS=OFF',
                "-DCMAKE_TOOLCHAIN_FILE=$vcpkg\scripts\buildsystems\vcpkg.cmake", "-DVCPKG_MANIFEST_DIR=$root\installer\windows")
        }
        Invoke-Checked 'cmake' @('--build', '--preset', 'release', '--target', 'oriel', 'oriel-demo-server')
    }
    finally { Pop-Location }
    New-Item -ItemType File -Force -Path $stamp | Out-Null
    (Get-Item $stamp).LastWriteTimeUtc = $started
}

& $program @args
exit $LASTEXITCODE
