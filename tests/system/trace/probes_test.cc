// The USDT probes are in the program, with their arguments, where tools look for them.
#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <string>

#include "running.h"

namespace
{

struct Probe {
    std::string provider, arguments;
    int places = 0;
};

// What .note.stapsdt says: notes of three addresses and three texts.
std::map<std::string, Probe> Probes(const std::string &program)
{
    std::map<std::string, Probe> found;
    Elf64_Ehdr head;
    memcpy(&head, program.data(), sizeof head);
    for (int i = 0; i < head.e_shnum; i++) {
        Elf64_Shdr section, names;
        memcpy(&section, &program[head.e_shoff + static_cast<size_t>(i) * sizeof section], sizeof section);
        memcpy(&names, &program[head.e_shoff + head.e_shstrndx * sizeof names], sizeof names);
        if (strcmp(&program[names.sh_offset + section.sh_name], ".note.stapsdt") != 0)
            continue;
        for (size_t at = section.sh_offset; at < section.sh_offset + section.sh_size;) {
            Elf64_Nhdr note;
            memcpy(&note, &program[at], sizeof note);
            const char *text = &program[at + sizeof note + (note.n_namesz + 3) / 4 * 4 + 3 * sizeof(Elf64_Addr)];
            const std::string provider = text, name = text + provider.size() + 1;
            Probe &probe = found[name];
            probe.provider = provider;
            probe.arguments = text + provider.size() + 1 + name.size() + 1;
            probe.places++;
            at += sizeof note + (note.n_namesz + 3) / 4 * 4 + (note.n_descsz + 3) / 4 * 4;
        }
    }
    return found;
}

} // namespace

TEST(Probes, OfClaimCommitDeathAndScaleAreInTheProgramWithFourArgumentsEach)
{
#if !__has_include(<sys/sdt.h>) || !defined(__x86_64__)
    GTEST_SKIP() << "built without <sys/sdt.h>, or not for x86-64";
#endif
    const std::map<std::string, Probe> probes = Probes(crash::read_file(MICROPIPE_PROGRAM));
    for (const char *name : {"claim", "commit", "death", "scale"}) {
        ASSERT_EQ(probes.count(name), 1u) << name;
        const Probe &probe = probes.at(name);
        EXPECT_EQ(probe.provider, "micropipe");
        EXPECT_GE(probe.places, 1);
        /* "8@%rax -4@%ecx ...": each has its size before the @ */
        EXPECT_EQ(std::count(probe.arguments.begin(), probe.arguments.end(), '@'), 4)
            << name << ": " << probe.arguments;
    }
}
