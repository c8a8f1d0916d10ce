// A processor that does with each frame what the frame says: everything that one may do.
#ifndef MIXER_H
#define MIXER_H

#include <micropipe/processor.h>

#include <cstdint>
#include <functional>

/* The first letter of a frame:
 *   f  forwards it to port 0                        F  forwards it to port 1
 *   c  a child of it to port 0, as "c1#12"          C  a child to each of ports 0 and 1
 *   s  three children to port 0                     w  makes it writable, changes it, and forwards that to port 0
 *   d  drops it                                     x  makes a child and gives it up
 *   k  keeps it                                     e  forwards the oldest kept frame to port 0, and then itself
 *   g  gives up the oldest kept frame               b  one child to port 0 of all that is kept, which is given up
 *   r  refuses it                                   q  forwards it to port 0, and has the host ask for what it likes
 * The number behind '#' is a count in the state of the frames that were taken: so an output shows which state it came
 * from. flush() forwards what is kept to port 0. */
extern "C" const mpipe_processor mixer;

// The same in pull style.
extern "C" const mpipe_processor mixer_pull;

// A source of GENERATED frames, "n0" and so on: to port 0, each third to port 1.
enum : uint32_t { GENERATED = 7 };
extern "C" const mpipe_processor generator;

// What their `shared` may point to.
struct MixerSetup {
    std::function<void()> opened = [] {}; // open() calls it
    std::function<void()> asked = [] {};  // a frame 'q' does
    uint64_t room = 0;                    // bytes that a child has room for at least
};

#endif
