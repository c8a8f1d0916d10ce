// What libarchive finds in a shard.
#ifndef WDS_TAR_H
#define WDS_TAR_H

#include <clocale>
#include <stdexcept>
#include <string>
#include <vector>

#include <archive.h>
#include <archive_entry.h>

struct Member {
    std::string name, bytes;
    int mode = 0;
    int64_t owner = 0, group = 0, time = 0;
};

inline std::vector<Member> tar_members(const std::string &file)
{
    const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr), before = uselocale(utf8);
    std::vector<Member> members;
    archive *tar = archive_read_new();
    archive_read_support_format_tar(tar);
    int status = archive_read_open_filename(tar, file.c_str(), 10240);
    archive_entry *entry = nullptr;
    while (status == ARCHIVE_OK && (status = archive_read_next_header(tar, &entry)) == ARCHIVE_OK) {
        Member m;
        m.name = archive_entry_pathname(entry);
        m.mode = static_cast<int>(archive_entry_mode(entry));
        m.owner = archive_entry_uid(entry);
        m.group = archive_entry_gid(entry);
        m.time = archive_entry_mtime(entry);
        m.bytes.resize(static_cast<size_t>(archive_entry_size(entry)));
        if (archive_read_data(tar, &m.bytes[0], m.bytes.size()) != static_cast<la_ssize_t>(m.bytes.size()))
            throw std::runtime_error(file + ": a member ends too early");
        members.push_back(m);
    }
    const std::string problem = status == ARCHIVE_EOF ? "" : archive_error_string(tar);
    archive_read_free(tar);
    uselocale(before);
    freelocale(utf8);
    if (!problem.empty())
        throw std::runtime_error(file + ": " + problem);
    return members;
}

inline std::vector<std::string> tar_names(const std::string &file)
{
    std::vector<std::string> names;
    for (const Member &member : tar_members(file))
        names.push_back(member.name);
    return names;
}

#endif
