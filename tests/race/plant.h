/* Bugs to be planted in the layers: included before those of their sources that races_planted compiles once more. The
 * product's own objects are not touched. A macro is not expanded within itself, so the function keeps its name.
 */
#ifndef PLANT_H
#define PLANT_H

#include "atomic.h"

/* True if the word that the source writes as `text`, "&r->tail", is to be stored without its release. */
int plant_relaxes(const char *text);

#define au64_store_release(word, value) \
    (plant_relaxes(#word) ? au64_store_relaxed(word, value) : au64_store_release(word, value))

#endif
