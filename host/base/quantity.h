/* Numbers as people read them: 12 345 678, 3.4 M, 1.2 GiB, 0:42. Pure; plain ASCII. */
#ifndef QUANTITY_H
#define QUANTITY_H

#include <stdint.h>

struct quantity {
    char text[32];
};

/* All digits, in groups of three: "12 345 678". */
struct quantity quantity_exact(uint64_t n);

/* Two or three digits that count, and k, M, G ...: "812", "3.4 M", "12.3 k", "123 k". */
struct quantity quantity_short(double n);

/* "812 B", "1.2 GiB". */
struct quantity quantity_bytes(uint64_t bytes);

/* How long something took: "45 ms", "12.3 s", "2:03 min", "1:02:03 h". */
struct quantity quantity_duration(uint64_t ns);

/* The narrow forms of a table's column, without a blank. At most five columns: "812", "12.3k", "3.4M"; */
struct quantity quantity_narrow(double n);
/* a time in seconds: "870ns", "1.2ms", "45ms", "12s", "3min"; */
struct quantity quantity_latency(double seconds);
/* and four for memory, in binary units: "0", "45M", "1.2G". */
struct quantity quantity_memory(double bytes);

/* What a clock shows, for a line that is redrawn: "0:42", "1:02:03". */
struct quantity quantity_clock(uint64_t ns);

#endif
