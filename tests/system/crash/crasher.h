/* The part of crasher that is C++. */
#ifndef CRASHER_H
#define CRASHER_H

#ifdef __cplusplus
extern "C"
#endif
    int
    crasher_throw(int value);

#endif
