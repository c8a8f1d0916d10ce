/* A ring's transactions, and the way that they are measured by, as one source: compiled twice for bench_journal, as it
 * is and, with MICROPIPE_BENCH_NO_JOURNAL, without journal and checks. Each copy has names of its own, so that the two
 * can take turns in one run.
 */
#ifdef MICROPIPE_BENCH_NO_JOURNAL
#include "bare.h"
#define CORE(name) bare_##name
#else
#define CORE(name) whole_##name
#endif

#define transaction_init CORE(transaction_init)
#define transaction_destroy CORE(transaction_destroy)
#define transaction_recover CORE(transaction_recover)
#define transaction_claim CORE(transaction_claim)
#define transaction_cursor CORE(transaction_cursor)
#define transaction_keep CORE(transaction_keep)
#define transaction_remove CORE(transaction_remove)
#define transaction_kept_left CORE(transaction_kept_left)
#define transaction_refuse CORE(transaction_refuse)
#define transaction_here CORE(transaction_here)
#define transaction_rollback CORE(transaction_rollback)
#define transaction_full_ring CORE(transaction_full_ring)
#define transaction_commit CORE(transaction_commit)
#define roll_forward CORE(roll_forward)
#define way_transaction CORE(way)

/* NOLINTBEGIN(bugprone-suspicious-include): that is the point */
#include "transaction.c"

#include "roll_forward.c"

#include "transaction_way.c"
/* NOLINTEND(bugprone-suspicious-include) */
