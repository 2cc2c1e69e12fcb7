// SPDX-License-Identifier: GPL-3.0-or-later

// jemalloc reads its settings here (jemalloc(3), TUNING): few arenas, since few threads allocate much, and freed memory goes back
// to the system after a second.
extern "C" __attribute__((visibility("default"))) const char* malloc_conf;
const char* malloc_conf = "narenas:4,oversize_threshold:67108864,dirty_decay_ms:1000,muzzy_decay_ms:0";
