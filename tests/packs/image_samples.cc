#include "image_samples.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <png.h>
#include <turbojpeg.h>
#include <zlib.h>

namespace samples
{

namespace
{

void check(bool good, const char *what)
{
    if (!good)
        throw std::runtime_error(what);
}

void append_chunk(png_structp png, png_bytep bytes, size_t n)
{
    static_cast<std::string *>(png_get_io_ptr(png))->append(reinterpret_cast<const char *>(bytes), n);
}

std::string number(uint32_t value, int bytes, bool big_endian)
{
    std::string text;
    for (int i = 0; i < bytes; i++)
        text.push_back(static_cast<char>(value >> 8 * (big_endian ? bytes - 1 - i : i)));
    return text;
}

void set_png_extras(png_structp png, png_infop info, const PngStyle &style)
{
    std::vector<png_color> palette;
    for (size_t i = 0; i + 2 < style.palette.size(); i += 3)
        palette.push_back({style.palette[i], style.palette[i + 1], style.palette[i + 2]});
    if (!palette.empty())
        png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
    png_color_16 key = {};
    if (style.transparent.size() == 1)
        key.gray = style.transparent[0];
    if (style.transparent.size() == 3) {
        key.red = style.transparent[0];
        key.green = style.transparent[1];
        key.blue = style.transparent[2];
    }
    if (!style.transparency.empty() || !style.transparent.empty())
        png_set_tRNS(png, info, style.transparency.data(), static_cast<int>(style.transparency.size()), &key);
    if (style.gamma > 0)
        png_set_gAMA(png, info, style.gamma);
    if (!style.exif.empty()) {
        std::string exif = style.exif;
        png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), reinterpret_cast<png_bytep>(&exif[0]));
    }
}

} // namespace

bool operator==(const Picture &a, const Picture &b)
{
    return a.width == b.width && a.height == b.height && a.channels == b.channels && a.bytes == b.bytes;
}

Picture picture(uint64_t width, uint64_t height, uint64_t channels, const Sample &sample)
{
    Picture p{width, height, channels};
    for (uint64_t y = 0; y < height; y++)
        for (uint64_t x = 0; x < width; x++)
            for (uint64_t c = 0; c < channels; c++)
                p.bytes.push_back(static_cast<char>(sample(x, y, c)));
    return p;
}

Picture pattern(uint64_t width, uint64_t height, uint64_t channels)
{
    return picture(width, height, channels, [](uint64_t x, uint64_t y, uint64_t c) {
        return static_cast<int>((x * 37 + y * 101 + c * 59 + x * y * 13) & 255);
    });
}

Picture smooth(uint64_t width, uint64_t height)
{
    return picture(width, height, 3, [=](uint64_t x, uint64_t y, uint64_t c) {
        return static_cast<int>(40 + 60 * c + 90 * x / width - 40 * y / height);
    });
}

int difference(const Picture &a, const Picture &b)
{
    if (a.width != b.width || a.height != b.height || a.channels != b.channels)
        return 256;
    int largest = 0;
    for (size_t i = 0; i < a.bytes.size(); i++)
        largest = std::max(largest, std::abs(static_cast<uint8_t>(a.bytes[i]) - static_cast<uint8_t>(b.bytes[i])));
    return largest;
}

std::string shape(uint64_t height, uint64_t width, uint64_t channels)
{
    const uint64_t values[] = {height, width, channels};
    return {reinterpret_cast<const char *>(values), sizeof values};
}

harness::FrameData frame(const Picture &p, const std::string &path)
{
    harness::FrameData data;
    data.bytes = p.bytes;
    data.type = MPIPE_IMAGE;
    data.attributes = {{"shape", shape(p.height, p.width, p.channels)}, {"dtype", "uint8"}};
    if (!path.empty())
        data.attributes["path"] = path;
    return data;
}

Picture picture_of(const harness::FrameData &frame)
{
    uint64_t values[3];
    const std::string &text = frame.attributes.at("shape");
    check(text.size() == sizeof values && frame.attributes.at("dtype") == "uint8", "not an image");
    std::memcpy(values, text.data(), sizeof values);
    check(frame.bytes.size() == values[0] * values[1] * values[2], "the size is not that of the shape");
    return {values[1], values[0], values[2], frame.bytes};
}

std::string jpeg(const Picture &p, const JpegStyle &style)
{
    const tjhandle codec = tjInitCompress();
    unsigned char *bytes = nullptr;
    unsigned long size = 0;
    const int format = p.channels == 1 ? TJPF_GRAY : p.channels == 3 ? TJPF_RGB : TJPF_CMYK;
    const int error = tjCompress2(codec, reinterpret_cast<const unsigned char *>(p.bytes.data()),
                                  static_cast<int>(p.width), 0, static_cast<int>(p.height), format, &bytes, &size,
                                  p.channels == 1 ? TJSAMP_GRAY : style.subsampling, style.quality,
                                  style.progressive ? TJFLAG_PROGRESSIVE : 0);
    check(!error, "tjCompress2");
    const std::string file(reinterpret_cast<char *>(bytes), size);
    tjFree(bytes);
    tjDestroy(codec);
    return file;
}

Picture jpeg_pixels(const std::string &file)
{
    const tjhandle codec = tjInitDecompress();
    const auto *bytes = reinterpret_cast<const unsigned char *>(file.data());
    int width = 0, height = 0, subsampling = 0, colours = 0;
    check(!tjDecompressHeader3(codec, bytes, file.size(), &width, &height, &subsampling, &colours), "header");
    Picture p{static_cast<uint64_t>(width), static_cast<uint64_t>(height), 3};
    p.bytes.resize(p.width * p.height * 3);
    check(!tjDecompress2(codec, bytes, file.size(), reinterpret_cast<unsigned char *>(&p.bytes[0]), width, 0, height,
                         TJPF_RGB, 0),
          "tjDecompress2");
    tjDestroy(codec);
    return p;
}

std::string exif_orientation(unsigned orientation, bool big_endian)
{
    const auto n = [big_endian](uint32_t value, int bytes) { return number(value, bytes, big_endian); };
    const std::string make = n(0x010f, 2) + n(2, 2) + n(4, 4) + std::string("abc\0", 4);
    const std::string turn = n(0x0112, 2) + n(3, 2) + n(1, 4) + n(orientation, 2) + n(0, 2);
    return (big_endian ? "MM" : "II") + n(42, 2) + n(8, 4) + n(2, 2) + make + turn + n(0, 4);
}

std::string with_segment(const std::string &jpeg, uint8_t marker, const std::string &body)
{
    const std::string head = {'\xff', static_cast<char>(marker)};
    return jpeg.substr(0, 2) + head + number(static_cast<uint32_t>(body.size() + 2), 2, true) + body + jpeg.substr(2);
}

size_t find_marker(const std::string &jpeg, uint8_t marker)
{
    const std::string head = {'\xff', static_cast<char>(marker)};
    const size_t at = jpeg.find(head);
    check(at != std::string::npos, "no such marker");
    return at;
}

std::string without_segment(const std::string &jpeg, uint8_t marker)
{
    const size_t at = find_marker(jpeg, marker);
    const size_t length = static_cast<uint8_t>(jpeg[at + 2]) * 256u + static_cast<uint8_t>(jpeg[at + 3]);
    return jpeg.substr(0, at) + jpeg.substr(at + 2 + length);
}

std::string png(uint32_t width, uint32_t height, const std::string &rows, const PngStyle &style)
{
    std::string file;
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, &file, append_chunk, nullptr);
    png_set_IHDR(png, info, width, height, style.depth, style.colour_type,
                 style.interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    set_png_extras(png, info, style);
    png_write_info(png, info);
    const size_t row_size = png_get_rowbytes(png, info);
    check(rows.size() == row_size * height, "rows of the wrong size");
    std::string copy = rows;
    std::vector<png_bytep> pointers;
    for (uint32_t y = 0; y < height; y++)
        pointers.push_back(reinterpret_cast<png_bytep>(&copy[y * row_size]));
    png_write_image(png, pointers.data());
    png_write_end(png, nullptr);
    png_destroy_write_struct(&png, &info);
    return file;
}

std::string png(const Picture &p, bool interlaced)
{
    PngStyle style;
    const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
    style.colour_type = types[p.channels];
    style.interlaced = interlaced;
    return png(static_cast<uint32_t>(p.width), static_cast<uint32_t>(p.height), p.bytes, style);
}

std::string with_png_size(std::string png, uint32_t width, uint32_t height)
{
    const std::string size = number(width, 4, true) + number(height, 4, true);
    png.replace(16, 8, size);
    const uLong sum = crc32(0, reinterpret_cast<const Bytef *>(png.data()) + 12, 17);
    png.replace(29, 4, number(static_cast<uint32_t>(sum), 4, true));
    return png;
}

} // namespace samples
