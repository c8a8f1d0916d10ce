#include "command_tap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arguments.h"
#include "base64.h"
#include "cleanup.h"
#include "client.h"
#include "json_text.h"
#include "letter_file.h"
#include "output.h"
#include "payload_text.h"
#include "quantity.h"
#include "silence.h"
#include "tap_stream.h"

enum { COUNT, BYTES, SAVE, JSON, TAP_ARGUMENTS };
enum { COUNT_USUAL = 5, BYTES_USUAL = 64, BYTES_MOST = 64 << 10, COUNT_MOST = 1000000000, NAME_BYTES = 128 };
enum { PATIENCE_MS = 10000 };

static const struct argument table[] = {
    [COUNT] = {.letter = 'n', .takes = "N", .help = "How many frames, 5 unless given; 0: until it is interrupted."},
    [BYTES] = {.name = "bytes", .takes = "N", .help = "How much of each payload is shown, 64 bytes unless given."},
    [SAVE] = {.name = "save",
              .takes = "DIR",
              .help =
                  "Write each frame to the folder too, whole: its payload, and what is known of it, as a dead letter "
                  "has them. files.letters reads them."},
    [JSON] = {.name = "json", .help = "Print a JSON object a frame and line, as the control socket gives it."},
};

static const struct command command = {
    .name = "tap",
    .operands = "PIPELINE STAGE",
    .operands_max = 2,
    .summary =
        "Shows frames as they leave a stage of a running pipeline: samples, at most 50 a second, and only frames that "
        "were handed on. It never holds the pipeline up; what is not read in time is lost, and counted.",
    .arguments = table,
    .n = TAP_ARGUMENTS,
};

struct tap {
    const struct arguments *a;
    size_t bytes;
    uint64_t wanted, seen; /* frames; wanted 0: no end */
    json_int_t lost;
    int folder; /* -1: nothing is saved */
    FILE *out, *err;
};

static json_int_t number(const json_t *frame, const char *key)
{
    return json_integer_value(json_object_get(frame, key));
}

static const char *text(const json_t *frame, const char *key)
{
    const char *value = json_string_value(json_object_get(frame, key));
    return value ? value : "";
}

static const char *type_name(json_int_t type)
{
    static const char *const names[] = {"bytes", "text", "image", "tensor"};
    return type >= 0 && type < 4 ? names[type] : "a type of its own";
}

/* ---- payloads ---- */

/* Whole, in memory of ours: the first n bytes. */
static uint8_t *read_some(int fd, size_t n, size_t *got)
{
    uint8_t *bytes = malloc(n + 1);
    ssize_t more = 1;
    for (*got = 0; bytes && more > 0 && *got<n; *got += more> 0 ? (size_t)more : 0)
        more = pread(fd, bytes + *got, n - *got, (off_t)*got);
    return bytes;
}

static uint8_t *payload_of(const struct tap *t, const json_t *frame, int fd, size_t *n)
{
    if (fd >= 0)
        return read_some(fd, t->bytes, n);
    uint8_t *bytes = base64_decode(text(frame, "payload"), n);
    *n = bytes && *n > t->bytes ? t->bytes : *n;
    return bytes;
}

static void print_frame(const struct tap *t, const json_t *frame, int fd)
{
    size_t n = 0;
    AUTO_FREE uint8_t *payload = payload_of(t, frame, fd, &n);
    const char *port = text(frame, "port");
    fputs(t->seen ? "\n" : "", t->out);
    harmless_print(t->out, text(frame, "stage"));
    fprintf(t->out, "/%" JSON_INTEGER_FORMAT "%s", number(frame, "worker"), strcmp(port, "out") == 0 ? "" : ".");
    harmless_print(t->out, strcmp(port, "out") == 0 ? "" : port);
    fprintf(t->out, "  sequence %" PRIu64 "  %s bytes  %s", (uint64_t)number(frame, "sequence"),
            quantity_exact((uint64_t)number(frame, "size")).text, type_name(number(frame, "type")));
    if (number(frame, "key"))
        fprintf(t->out, "  key %016" PRIx64, (uint64_t)number(frame, "key"));
    fputc('\n', t->out);
    attributes_print(t->out, 2, json_object_get(frame, "attributes"));
    if (payload)
        payload_print(t->out, 2, payload, n, (uint64_t)number(frame, "size"));
}

/* ---- saving ---- */

static int save_words(int folder, const char *name, const json_t *letter)
{
    AUTO_FREE char *words = letter_file_text(letter);
    return words ? letter_file_put(folder, name, (const uint8_t *)words, strlen(words)) : -ENOMEM;
}

/* As a dead letter has it, so that files.letters makes a frame of it again. 0 or -errno. */
static int save(const struct tap *t, json_t *frame, int fd)
{
    char name[NAME_BYTES], file[NAME_BYTES + 8];
    uint64_t size = (uint64_t)number(frame, "descriptor");
    if (fd < 0)
        return -EIO;
    snprintf(name, sizeof name, "%.64s-%09" PRIu64 "-%09" PRIu64, text(frame, "stage"),
             (uint64_t)number(frame, "sequence"), t->seen);
    for (char *c = name; *c; c++)
        *c = *c == '/' ? '_' : *c;
    snprintf(file, sizeof file, "%s.bin", name);
    int error = letter_file_copy(t->folder, file, fd, size);
    if (!error && (json_object_set_new(frame, "payload", json_string(file)) != 0 ||
                   json_object_set_new(frame, "size", json_integer((json_int_t)size)) != 0))
        error = -ENOMEM;
    json_object_del(frame, "descriptor");
    snprintf(file, sizeof file, "%s.json", name);
    return error ? error : save_words(t->folder, file, frame);
}

/* ---- the connection ---- */

static void print_json(const json_t *frame, FILE *out)
{
    AUTO_FREE char *line = json_dumps(frame, JSON_COMPACT);
    fprintf(out, "%s\n", line ? line : "{}");
}

/* 0, or the exit code after a message. */
static int take_frame(struct tap *t, json_t *line, int fd)
{
    json_t *frame = json_object_get(line, "frame");
    if (!frame)
        return EXIT_OK;
    if (t->a->values[JSON])
        print_json(frame, t->out);
    else
        print_frame(t, frame, fd);
    t->lost = number(frame, "lost");
    int error = t->folder >= 0 ? save(t, frame, fd) : 0;
    t->seen++;
    if (!error)
        return EXIT_OK;
    fprintf(t->err, "micropipe tap: cannot save a frame in '%s': %s\n", t->a->values[SAVE], strerror(-error));
    return EXIT_SYSTEM;
}

static int ask(const struct tap *t, struct tap_stream *s)
{
    json_t *request = json_pack("{ss so si si sb}", "command", "tap", "stage", json_text(t->a->operands[1]), "count",
                                (int)t->wanted, "bytes", (int)t->bytes, "whole", t->folder >= 0);
    AUTO_FREE char *words = request ? json_dumps(request, JSON_COMPACT) : NULL;
    AUTO_FREE char *line = NULL;
    json_decref(request);
    if (!words || asprintf(&line, "%s\n", words) < 0) {
        line = NULL;
        fprintf(t->err, "micropipe tap: there is no memory left\n");
        return EXIT_SYSTEM;
    }
    char silence[SILENCE_TEXT] = "did not answer";
    int is_heard = send(s->fd, line, strlen(line), MSG_NOSIGNAL) > 0 && silence_bear(s->fd, PATIENCE_MS, silence) == 0;
    json_t *answer = is_heard ? tap_stream_next(s) : NULL;
    int ok = json_is_true(json_object_get(answer, "ok"));
    if (!ok)
        fprintf(t->err, "micropipe tap: %s%s\n", answer ? "" : "the pipeline ",
                answer ? text(answer, "error") : silence);
    int result = ok ? EXIT_OK : answer ? EXIT_USAGE : EXIT_SYSTEM;
    json_decref(answer);
    return result;
}

/* 0 or an errno. */
static int write_out(FILE *out)
{
    return fflush(out) == 0 ? 0 : errno;
}

static int run(struct tap *t, struct tap_stream *s)
{
    int result = ask(t, s);
    int unwritten = 0;
    json_t *line = NULL;
    /* Until what is shown cannot be written, too. */
    while (!result && (t->wanted == 0 || t->seen < t->wanted) && (unwritten = write_out(t->out)) == 0 &&
           (line = tap_stream_next(s))) {
        AUTO_FD int fd = json_object_get(json_object_get(line, "frame"), "descriptor") ? tap_stream_descriptor(s) : -1;
        result = take_frame(t, line, fd);
        json_decref(line);
    }
    if (!result && t->wanted && t->seen < t->wanted && !ferror(t->out))
        fprintf(t->err, "micropipe tap: the pipeline ended after %" PRIu64 " of %" PRIu64 " frames\n", t->seen,
                t->wanted);
    if (!result && t->lost)
        fprintf(t->err,
                "micropipe tap: %" JSON_INTEGER_FORMAT
                " sample%s lost: not read in time, or larger than was expected\n",
                t->lost, t->lost == 1 ? " was" : "s were");
    return unwritten ? output_give_up(t->out, unwritten, result, t->err) : result;
}

static int open_folder(struct tap *t, const char *path)
{
    t->folder = -1;
    if (!path)
        return EXIT_OK;
    if (mkdir(path, 0777) == 0 || errno == EEXIST)
        t->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->folder >= 0)
        return EXIT_OK;
    fprintf(t->err, "micropipe tap: %s: %s\n", path, strerror(errno));
    return EXIT_SYSTEM;
}

/* -1 after a complaint. */
static int64_t read_number(const struct arguments *a, int which, long usual, long most, FILE *err)
{
    const char *word = a->values[which];
    char *end = NULL;
    long n = word ? strtol(word, &end, 10) : usual;
    if (!word || (*word >= '0' && *word <= '9' && !*end && n <= most))
        return n;
    arguments_wrong(&command, err, "'%s' is no number from 0 to %ld", word, most);
    return -1;
}

static int tap(const struct arguments *a, FILE *out, FILE *err)
{
    char why[400] = "";
    if (a->n_operands < 2)
        return arguments_wrong(&command, err, a->n_operands ? "which stage?" : "which pipeline, and which stage?");
    int64_t count = read_number(a, COUNT, COUNT_USUAL, COUNT_MOST, err);
    int64_t bytes = count < 0 ? -1 : read_number(a, BYTES, BYTES_USUAL, BYTES_MOST, err);
    if (bytes < 0)
        return EXIT_USAGE;
    struct tap t = {.a = a, .bytes = (size_t)bytes, .wanted = (uint64_t)count, .out = out, .err = err};
    int fd = client_connect(a->operands[0], 0, why, sizeof why);
    if (fd < 0) {
        fprintf(err, "micropipe tap: %s\n", why);
        return EXIT_SYSTEM;
    }
    struct tap_stream stream;
    tap_stream_init(&stream, fd);
    int result = open_folder(&t, a->values[SAVE]);
    if (!result)
        result = run(&t, &stream);
    if (t.folder >= 0)
        close(t.folder);
    tap_stream_close(&stream);
    return result;
}

int command_tap(int argc, char **argv, FILE *out, FILE *err)
{
    return arguments_run(&command, argc, argv, tap, out, err);
}
