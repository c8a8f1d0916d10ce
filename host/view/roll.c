#include "roll.h"

#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "rendezvous.h"

enum { NAMES_SIZE = 64 << 10 };

/* Adds the pipeline, if it is one that runs. */
static void call_one(json_t *roll, const char *name, int patience_ms)
{
    struct link link;
    char why[400], silence[SILENCE_TEXT];
    if (link_open(&link, name, why, sizeof why) != 0)
        return;
    json_t *status = link_wait(&link, json_pack("{ss}", "command", "status"), patience_ms, silence);
    link_close(&link);
    json_array_append_new(roll, json_pack("{ss so}", "name", name, "status", status ? status : json_null()));
}

json_t *roll_call(int patience_ms)
{
    char folder[sizeof((struct sockaddr_un *)0)->sun_path], *left = NULL;
    json_t *roll = json_array();
    char *names = malloc(NAMES_SIZE);
    if (roll && names && rendezvous_make(folder, sizeof folder) == 0) {
        rendezvous_list(folder, names, NAMES_SIZE);
        for (char *name = strtok_r(names, " ", &left); name; name = strtok_r(NULL, " ", &left))
            call_one(roll, name, patience_ms);
    }
    free(names);
    return roll;
}
