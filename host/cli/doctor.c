#include "doctor.h"

#include <errno.h>

#include "arguments.h"
#include "doctor_probes.h"
#include "finding.h"

enum { JSON };

static const struct argument table[] = {
    [JSON] = {.name = "json", .help = "The same as one JSON object."},
};

static const struct command command = {
    .name = "doctor",
    .operands = "",
    .operands_max = 0,
    .summary =
        "Shows what this machine offers a pipeline (huge pages, limits, kernel features), what is missing, and the "
        "command that fixes it. Exit code 1: something that every pipeline needs is missing.",
    .arguments = table,
    .n = sizeof table / sizeof table[0],
};

static const struct {
    const char *name;
    void (*probe)(struct finding *f);
} probes[] = {
    {"kernel", probe_kernel},
    {"processors", probe_processors},
    {"memory", probe_free_memory},
    {"memory of workers", probe_private_memory},
    {"control group", probe_cgroup},
    {"shared memory", probe_shared_memory},
    {"sealing", probe_sealing},
    {"touch at start", probe_populate},
    {"huge page pool", probe_huge_page_pool},
    {"huge page collapse", probe_transparent_huge_pages},
    {"event loop", probe_event_loop},
    {"deaths of workers", probe_pidfd},
    {"orphans", probe_subreaper},
    {"sleep and wake", probe_futex},
    {"open files", probe_open_files},
    {"processes", probe_processes},
    {"stack", probe_stack},
    {"locked memory", probe_locked_memory},
    {"seccomp", probe_seccomp},
    {"Landlock", probe_landlock},
};

enum { N_PROBES = sizeof probes / sizeof probes[0] };

static int examine(const struct arguments *a, FILE *out, FILE *err)
{
    struct finding findings[N_PROBES] = {0};
    for (size_t i = 0; i < N_PROBES; i++) {
        findings[i].name = probes[i].name;
        probes[i].probe(&findings[i]);
    }
    int result = finding_count(findings, N_PROBES, VERDICT_MISSING) ? EXIT_SYSTEM : EXIT_OK;
    if (!a->values[JSON])
        finding_print_all(findings, N_PROBES, out);
    else if (finding_print_json(findings, N_PROBES, out) == -ENOMEM) {
        fprintf(err, "micropipe doctor: there is no memory left to print what was found\n");
        result = EXIT_SYSTEM;
    }
    return result;
}

int doctor_run(int argc, char **argv, FILE *out, FILE *err)
{
    return arguments_run(&command, argc, argv, examine, out, err);
}
