/* Bugs to be planted: each is one thing that the code does, left out or done at another time. The environment wakes
 * one: BUG=number; Spin has to find it (configurations.txt says in which model). */
#define NO_BUG 0
/* claim */
#define HEAD_BEFORE_PHASE 1        /* the head moves before the decision word says CLAIMING */
#define GENERATION_NOT_CHECKED 2   /* a hold is dropped under whatever generation the block has */
#define CLOSED_AFTER_LOOK 3        /* whether the ring is closed is looked at after whether it is empty */
/* decide */
#define RELEASE_BEFORE_DECISION 4  /* inputs are released before what was made of them is decided */
#define COUNTS_AFTER_DECISION 5    /* the outputs are listed after the decision */
#define SAME_COPY 6                /* figures and state are written into the copy that is committed */
#define CLAIM_NOT_CLEARED 7        /* a commit without a claim leaves the last claim's size in the journal */
#define START_NOT_NOTED 34         /* where the tail of a sole producer's ring was is that of an older transaction */
#define RETIRES_WITH_CLAIM 8       /* a worker retires with frames in hand */
/* roll forward */
#define BITS_AFTER_PUBLISH 9       /* each reader's bit is set with its own publish, not all before the first */
#define HANDS_OVER_AGAIN 10        /* a recovery sets the readers' bits although frames are published */
#define PUBLISHES_AGAIN 11         /* a recovery does not look at what is noted as published */
#define MOVES_WHAT_IS_SHARED 12    /* the readers' bits replace those of other stages, too */
#define MARKS_WHAT_IS_SHARED 13    /* an input is marked as moved although our bit is still on it */
#define SKIP_NOT_NOTED 33          /* an edge that drops does not note that it has begun to */
#define TURN_BEFORE_PUBLISH 14
#define TURN_GOES_BACK 15          /* a recovery stores its turn although others have had theirs since */
/* sleep and wake */
#define SLEEPS_WITHOUT_LOOK 16     /* no second look between announcing and sleeping */
#define KEPT_IS_RELEASED 31        /* an input that is kept is released with the others */
#define KEPT_STAYS_IN_MAP 32       /* a kept frame that is given up is still in the map that is committed */
#define FREES_WITHOUT_WAKE 17      /* who frees a block does not wake who waits for it */
/* host and successor */
#define PRODUCER_NOT_SETTLED 18
#define CONSUMER_NOT_SETTLED 19
#define PRODUCER_NOT_FREED 20      /* the end that a dead worker had is not freed */
#define CONSUMER_NOT_FREED 21
#define BURIAL_WAKES_NOBODY 22
#define PENDING_NOT_FREED 23       /* what the dead had allocated is never free again */
#define CLOSES_TOO_EARLY 24        /* the host closes a ring when the first worker upstream has ended, not the last */
#define PUBLISHING_NOT_CLEARED 25  /* a publish that has not happened stays in the journal as one that goes on */
/* events and ends: event.pml, end.pml */
#define NO_MEMBARRIER 26           /* the sleeper fences for itself alone */
#define SEQUENCE_AFTER_LOOK 27     /* the sleeper notes the futex word after it has looked at the condition */
#define FLAG_DOWN_AFTER_WAKE 28    /* the flag goes down after the last wake, not before */
#define SLEEPER_FORGETS_OTHERS 29  /* who has slept takes the end as if nobody else slept */
#define FREE_END_NOT_WOKEN 30      /* the host wakes nobody if the dead had just freed the end itself */

byte planted;
inline plant_bug()
{
    c_code {
        extern char *getenv(const char *);
        extern int atoi(const char *);
        now.planted = getenv("BUG") ? atoi(getenv("BUG")) : 0;
    };
    bug = planted /* each process gets it as a constant of its own */
}
