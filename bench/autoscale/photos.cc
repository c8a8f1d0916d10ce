#include "photos.h"

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <turbojpeg.h>
#include <vector>

namespace fs = std::filesystem;

namespace
{

enum { WIDTH = 1600, HEIGHT = 1200, QUALITY = 90 };

std::vector<uint8_t> picture()
{
    std::vector<uint8_t> pixels(size_t{WIDTH} * HEIGHT * 3);
    uint32_t noise = 1;
    for (size_t i = 0; i < pixels.size(); i++) {
        noise = noise * 1664525 + 1013904223;
        pixels[i] = static_cast<uint8_t>((i / 3 % WIDTH + i / (3 * WIDTH)) / 12 + (noise >> 28));
    }
    return pixels;
}

} // namespace

void make_photos(const std::string &folder, int n)
{
    std::vector<uint8_t> pixels = picture();
    unsigned char *jpeg = nullptr;
    unsigned long size = 0;
    tjhandle compressor = tjInitCompress();
    if (tjCompress2(compressor, pixels.data(), WIDTH, 0, HEIGHT, TJPF_RGB, &jpeg, &size, TJSAMP_420, QUALITY, 0) != 0)
        throw std::runtime_error("cannot make a picture");
    fs::create_directory(folder);
    std::ofstream(folder + "/0.jpg").write(reinterpret_cast<char *>(jpeg), static_cast<std::streamsize>(size));
    for (int i = 1; i < n; i++)
        fs::create_hard_link(folder + "/0.jpg", folder + "/" + std::to_string(i) + ".jpg");
    tjFree(jpeg);
    tjDestroy(compressor);
}
