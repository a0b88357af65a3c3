// Package speed measures the key service as a process: beside a process that only answers, on the same machine and in the
// same run, so that figures can be compared where everything else runs on it too. It has benchmarks only; docs/performance.md
// has the figures and how to run them.
package speed
