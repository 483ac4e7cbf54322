#!/bin/sh
# Fuzzes each reader for SECONDS_EACH seconds (300 unless told) and says how many executions it took.
# Needs the stable compiler and a C++ compiler only: the coverage that libFuzzer follows comes from LLVM's own pass.
set -eu
cd "$(dirname "$0")"
each=${SECONDS_EACH:-300}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}
triple=$(rustc -vV | sed -n 's/^host: //p')
# With --target, build scripts and macros are built without the pass.
RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
 -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1" \
  cargo build --release --locked --target "$triple"
failed=0
for target in ${TARGETS:-xes csv ocel bpmn columns packed}; do
  mkdir -p "corpus/$target" artifacts
  seeds="seeds/$target"
  [ "$target" = packed ] && seeds="seeds/xes seeds/csv"
  dictionary=
  [ -f "dictionaries/$target.txt" ] && dictionary="-dict=dictionaries/$target.txt"
  # shellcheck disable=SC2086
  if "$CARGO_TARGET_DIR/$triple/release/$target" "corpus/$target" $seeds $dictionary -max_total_time="$each" \
    -max_len="${MAX_LEN:-4096}" -timeout=5 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="artifacts/$target-" \
    >"artifacts/$target.log" 2>&1; then
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "artifacts/$target.log") executions in $each s, nothing found"
  else
    failed=1
    echo "$target: found something, see fuzz/artifacts/$target.log"
    tail -5 "artifacts/$target.log"
  fi
done
exit $failed
