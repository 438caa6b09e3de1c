# On Windows a pack is installed in WSL: this hands over to install.sh there.
$ErrorActionPreference = "Stop"
Set-Location -LiteralPath $PSScriptRoot
if ($IsLinux -or $IsMacOS) {
    & sh install.sh
} elseif (Get-Command wsl.exe -ErrorAction SilentlyContinue) {
    & wsl.exe --exec sh install.sh
} else {
    Write-Output "On Windows this pack needs WSL. Install it with: wsl --install"
    exit 1
}
exit $LASTEXITCODE
