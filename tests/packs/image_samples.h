// Pictures for the tests of the image pack, and files made of them with the libraries themselves.
#ifndef IMAGE_SAMPLES_H
#define IMAGE_SAMPLES_H

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "harness.h"

namespace samples
{

struct Picture {
    uint64_t width = 0, height = 0, channels = 3;
    std::string bytes = {};

    uint8_t at(uint64_t x, uint64_t y, uint64_t channel) const
    {
        return static_cast<uint8_t>(bytes.at((y * width + x) * channels + channel));
    }
};

bool operator==(const Picture &a, const Picture &b);

using Sample = std::function<int(uint64_t x, uint64_t y, uint64_t channel)>; // cut to 8 bits
Picture picture(uint64_t width, uint64_t height, uint64_t channels, const Sample &sample);
Picture pattern(uint64_t width, uint64_t height, uint64_t channels = 3); // no two neighbours alike
Picture smooth(uint64_t width, uint64_t height);                         // survives JPEG well

// Largest difference of two samples; 256 if the sizes differ.
int difference(const Picture &a, const Picture &b);

// A raw image as a frame, and back.
harness::FrameData frame(const Picture &p, const std::string &path = "");
Picture picture_of(const harness::FrameData &frame);
std::string shape(uint64_t height, uint64_t width, uint64_t channels);

// JPEG by TurboJPEG. 4 channels: CMYK samples as they are, stored as YCCK with an Adobe marker.
struct JpegStyle {
    int quality = 95;
    int subsampling = 0; // a TJSAMP
    bool progressive = false;
};
std::string jpeg(const Picture &p, const JpegStyle &style = {});
Picture jpeg_pixels(const std::string &file); // by TurboJPEG, full size, RGB

std::string exif_orientation(unsigned orientation, bool big_endian);                        // a TIFF structure
std::string with_segment(const std::string &jpeg, uint8_t marker, const std::string &body); // after SOI
std::string without_segment(const std::string &jpeg, uint8_t marker);
size_t find_marker(const std::string &jpeg, uint8_t marker); // throws if there is none

// PNG by libpng. `rows`: packed as the format wants them, 16 bits big-endian.
struct PngStyle {
    int colour_type = 2;
    int depth = 8;
    bool interlaced = false;
    std::vector<uint8_t> palette = {};      // red, green, blue, ...
    std::vector<uint8_t> transparency = {}; // of the palette's entries
    std::vector<uint16_t> transparent = {}; // one grey, or red, green and blue
    std::string exif = {};
    double gamma = 0; // of a gAMA chunk; 0: none
};
std::string png(uint32_t width, uint32_t height, const std::string &rows, const PngStyle &style);
std::string png(const Picture &p, bool interlaced = false);
std::string with_png_size(std::string png, uint32_t width, uint32_t height); // header changed, CRC right

} // namespace samples

#endif
