package daemon

import (
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// requestLogEvery is how late the line of a request may be. A write each is a system call each.
	requestLogEvery = 100 * time.Millisecond
	// requestLogRoom is how much comes together before it is written at once.
	requestLogRoom = 64 << 10
)

// requestLog gathers the lines of requests. What went wrong does not go through it: that is told at once. A process that
// is killed loses the lines of the last tenth of a second.
type requestLog struct {
	to io.Writer

	mu      sync.Mutex
	text    []byte
	waiting bool // a write is due
}

// Write implements io.Writer. It never fails: nobody could be told.
func (l *requestLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, line...)
	switch {
	case len(l.text) >= requestLogRoom:
		l.write()
	case !l.waiting:
		l.waiting = true
		time.AfterFunc(requestLogEvery, l.Flush)
	}
	return len(line), nil
}

// Flush writes what has come together.
func (l *requestLog) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = false
	l.write()
}

func (l *requestLog) write() {
	if len(l.text) > 0 {
		_, _ = l.to.Write(l.text)
		l.text = l.text[:0]
	}
}

// logger gives a logger of the form and level of the others.
func (l *requestLog) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level}))
}
