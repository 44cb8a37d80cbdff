#!/bin/sh
# Renders every size from icon.svg and tray.svg. Run it after changing one of them:
#   sh icons/render.sh
# Needs rsvg-convert (librsvg2-bin), convert (imagemagick) and png2icns (icnsutils).
set -eu
cd "$(dirname "$0")"

render() { # FILE SIZE [SOURCE]
    rsvg-convert --width "$2" --height "$2" "${3:-icon.svg}" -o "$1"
    # Tauri accepts RGBA only, and metadata would change with every run.
    convert "$1" -strip -define png:exclude-chunks=date,time "PNG32:$1"
}

render 32x32.png 32
render 64x64.png 64
render 128x128.png 128
render 128x128@2x.png 256
render icon.png 512
render tray.png 64 tray.svg

sizes=$(mktemp -d)
trap 'rm -rf "$sizes"' EXIT
for size in 16 24 32 48 64 128 256 512 1024; do
    render "$sizes/$size.png" "$size"
done
convert "$sizes/16.png" "$sizes/24.png" "$sizes/32.png" "$sizes/48.png" "$sizes/64.png" "$sizes/256.png" icon.ico
png2icns icon.icns "$sizes/16.png" "$sizes/32.png" "$sizes/48.png" "$sizes/128.png" \
    "$sizes/256.png" "$sizes/512.png" "$sizes/1024.png"
