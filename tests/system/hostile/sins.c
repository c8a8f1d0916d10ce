/* A processor that passes frames on, and at frame 50 does what its option `sin` names; or in another call. */
#include "sins.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SINS_AT = 50 };

struct sinner {
    const mpipe_host *host;
    const struct sin *sin;
};

static const struct sin *find(const char *name)
{
    static const struct sin *const tables[] = {process_sins, memory_sins, surroundings_sins};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct sin *s = tables[t]; s->name; s++)
            if (strcmp(s->name, name) == 0)
                return s;
    return NULL;
}

/* The sin that an option of a call's name names, if it does. */
static mpipe_status commit_in(const mpipe_host *host, const char *call, const mpipe_io *io)
{
    const char *name = mpipe_option_text(host, call);
    const struct sin *s = find(name);
    if (!s)
        return *name ? MPIPE_BAD_CONFIG : MPIPE_OK;
    return s->commit(host, io, NULL);
}

static void *sleep_for_ever(void *nothing)
{
    for (;;)
        pause();
    return nothing;
}

static mpipe_status sinner_load(const mpipe_host *host, void **shared)
{
    const char *sin = mpipe_option_text(host, "load");
    pthread_t thread;
    *shared = NULL;
    if (strcmp(sin, "thread") == 0)
        pthread_create(&thread, NULL, sleep_for_ever, NULL);
    else if (strcmp(sin, "die") == 0)
        abort();
    else if (strcmp(sin, "exit") == 0)
        exit(0);
    else if (strcmp(sin, "lie") == 0)
        return 12345;
    else
        return commit_in(host, "load", NULL);
    return MPIPE_OK;
}

static mpipe_status sinner_open(const mpipe_host *host, void *shared, void **self)
{
    struct sinner *s = calloc(1, sizeof *s);
    const char *name = mpipe_option_text(host, "sin");
    (void)shared;
    if (!s)
        return MPIPE_NO_MEMORY;
    s->host = host;
    s->sin = find(name);
    *self = s;
    if (!s->sin && *name)
        return MPIPE_BAD_CONFIG;
    return commit_in(host, "open", NULL);
}

static mpipe_status sinner_flush(void *self, const mpipe_io *io)
{
    const struct sinner *s = self;
    return commit_in(s->host, "flush", io);
}

static void sinner_close(void *self)
{
    const struct sinner *s = self;
    commit_in(s->host, "close", NULL);
    free(self);
}

static mpipe_status sinner_process(void *self, const mpipe_io *io, mpipe_frame *frame)
{
    const struct sinner *s = self;
    if (s->sin && frame->sequence == SINS_AT) {
        mpipe_status status = s->sin->commit(s->host, io, frame);
        if (status != MPIPE_OK)
            return status;
    }
    return mpipe_emit(io, 0, frame);
}

static const mpipe_option sin_option = {"sin", MPIPE_STRING, 0, "", NULL, NULL, NULL, NULL, "What to do at frame 50."};
static const mpipe_option load_option = {"load", MPIPE_STRING, 0, "", NULL, NULL, NULL, NULL, "What to do in load()."};
static const mpipe_option open_option = {"open", MPIPE_STRING, 0, "", NULL, NULL, NULL, NULL, "What to do in open()."};
static const mpipe_option flush_option = {
    "flush", MPIPE_STRING, 0, "", NULL, NULL, NULL, NULL, "What to do in flush()."};
static const mpipe_option close_option = {
    "close", MPIPE_STRING, 0, "", NULL, NULL, NULL, NULL, "What to do in close()."};
static const mpipe_option *const options[] = {&sin_option,   &load_option,  &open_option,
                                              &flush_option, &close_option, NULL};

static const mpipe_processor sinner = {
    MPIPE_PROCESSOR,       .name = "sinner",          .summary = "Does one thing wrong",
    .options = options,    .state_size = 64,          .load = sinner_load,
    .open = sinner_open,   .process = sinner_process, .flush = sinner_flush,
    .close = sinner_close,
};

MPIPE_PLUGIN("sins", "1.0.0", &sinner)
