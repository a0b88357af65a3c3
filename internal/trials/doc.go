// Package trials is the room in which the promises of the design's sections 4 to 6 are put to the test: nothing lost,
// nothing leaked. Its tests run the real programs as processes of their own, break something (the process, the disk, the
// keyring, the clock, the order of things) and then ask what the promises say must hold.
//
// It has no code of its own, and nothing may import it. A trial that fails is mended in the mechanism, never here. The
// short form runs with every go test; the long form, with -tags soak, is in .ci/soak. docs/reliability.md has the
// figures.
package trials
