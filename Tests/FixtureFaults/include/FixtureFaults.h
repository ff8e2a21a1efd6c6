#ifndef FIXTURE_FAULTS_H
#define FIXTURE_FAULTS_H

#include <stdint.h>

// Faults of the system, for a program that links this: its definitions of a few functions of the C library stand before
// the library's own, for the program and for every shared library that it loads (SQLite, Foundation).
//
// What they do is read from a file that the test maps or writes to, whose path is in the environment as
// SKEIN_FAULTS. Without it, everything is as it is.
//
// The file has words of 8 bytes:
//
//   0  nanoseconds by which the wall clock is ahead
//   1  the error (errno) of everything that writes to a file at an offset, or changes its size; 0: none
//   2  the error of everything that waits for the disk; 0: none
//   3  how many such calls there have been, of both kinds
//   4  the number of the call at which the process kills itself; 0: none
//   5  whether the half of that call, if it writes, is done first

/// Sets by how many nanoseconds the wall clock is ahead.
void fixture_set_clock_offset(int64_t nanoseconds);

#endif
