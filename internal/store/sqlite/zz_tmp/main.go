package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/apikey-cli/apikey/internal/store"
	"github.com/apikey-cli/apikey/internal/store/sqlite"
)

func main() {
	if os.Args[1] == "nop" {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	t0 := time.Now()
	s, err := sqlite.Open(ctx, os.Args[2], sqlite.Options{})
	if err != nil {
		panic(err)
	}
	t1 := time.Now()
	switch os.Args[1] {
	case "read":
		_ = s.Read(ctx, func(r store.Reader) error { _, err := r.Account("ada"); return err })
	case "init":
		err = s.Write(ctx, func(w store.Writer) error { return w.CreateAccount(store.Account{Login: "ada", CreatedAt: time.Now()}) })
	case "write":
		err = s.Write(ctx, func(w store.Writer) error { return w.TouchKey("ada", time.Now()) })
	case "meta":
		err = s.Write(ctx, func(w store.Writer) error { return w.SetMeta("x", []byte(time.Now().String())) })
	}
	if err != nil {
		panic(err)
	}
	t2 := time.Now()
	if err := s.Close(); err != nil {
		panic(err)
	}
	if len(os.Args) > 3 {
		fmt.Println(t1.Sub(t0), t2.Sub(t1), time.Since(t2))
	}
}
