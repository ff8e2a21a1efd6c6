// Usage: peer version | peer SECONDS CASE...

#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measuring.h"

int main(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[1], "version") == 0) {
    printf("glibc %s, gcc %s\n", gnu_get_libc_version(), __VERSION__);
    return 0;
  }
  if (count < 2) {
    fprintf(stderr, "usage: %s version | %s SECONDS CASE...\n", arguments[0], arguments[0]);
    return 2;
  }
  double seconds = atof(arguments[1]);
  for (int index = 2; index < count; index++) {
    const char *name = arguments[index];
    if (measure_process(name, seconds) || measure_lock(name, seconds)) continue;
    if (!measure_semaphore(name, seconds)) measure_queue(name, seconds);
  }
  return 0;
}
