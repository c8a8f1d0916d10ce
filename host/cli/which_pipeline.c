#include "which_pipeline.h"

#include "fields.h"
#include "roll.h"

enum { PATIENCE_MS = 2000 };

static int complain_of_many(const struct command *command, const json_t *roll, FILE *err)
{
    char names[400] = "";
    const json_t *entry;
    size_t i, used = 0;
    json_array_foreach(roll, i, entry) if (used < sizeof names) used +=
        (size_t)snprintf(names + used, sizeof names - used, "%s%s", i ? ", " : "", field_text(entry, "name"));
    return arguments_wrong(command, err, "which pipeline? These run: %s", names);
}

int which_pipeline(const struct command *command, const struct arguments *a, char name[PIPELINE_NAME_SIZE], FILE *err)
{
    if (a->n_operands > 0) {
        snprintf(name, PIPELINE_NAME_SIZE, "%s", a->operands[0]);
        return EXIT_OK;
    }
    json_t *roll = roll_call(PATIENCE_MS);
    int result = EXIT_OK;
    if (json_array_size(roll) == 1) {
        snprintf(name, PIPELINE_NAME_SIZE, "%s", field_text(json_array_get(roll, 0), "name"));
    } else if (json_array_size(roll) == 0) {
        fprintf(err, "micropipe %s: no pipeline runs here\n", command->name);
        result = EXIT_SYSTEM;
    } else {
        result = complain_of_many(command, roll, err);
    }
    json_decref(roll);
    return result;
}
