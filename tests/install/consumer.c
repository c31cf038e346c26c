/* consumer.c - a user's program in C: opens a store, writes, reads, closes. */
#include <stdio.h>
#include <string.h>

#include "nacre/c.h"

static int failed(nacre_status* status) {
  if (status == NULL) return 0;
  fprintf(stderr, "%s\n", nacre_status_message(status));
  nacre_status_free(status);
  return 1;
}

int main(int argc, char** argv) {
  const nacre_str key = {"planet/earth", 12};
  const nacre_str blue = {"blue", 4};
  char path[4096];
  nacre_db* db = NULL;
  nacre_value* value = NULL;
  if (argc != 2) return 2;
  snprintf(path, sizeof path, "%s/consumer-c", argv[1]);
  if (failed(nacre_open(path, NULL, &db))) return 1;
  if (failed(nacre_put(db, key, blue, NACRE_OS))) return 1;
  if (failed(nacre_get(db, key, NULL, &value)) || value == NULL) return 1;
  if (nacre_value_bytes(value).size != blue.size) return 1;
  if (memcmp(nacre_value_bytes(value).data, blue.data, blue.size) != 0) return 1;
  nacre_value_free(value);
  if (failed(nacre_close(db))) return 1;
  if (failed(nacre_destroy(path))) return 1;
  puts(nacre_version());
  return 0;
}
