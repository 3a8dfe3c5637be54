// What the programs in Go share: cases run one after another, and a line of JSON for each.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"time"
)

const limit = 45 * time.Second

var (
	bootstrap = os.Getenv("BOOTSTRAP")
	names     = 0
)

// A case is over when it returns, has failed when it panics.
type testCase struct {
	name string
	test func(ctx context.Context)
}

// A name that no other case of this program uses.
func fresh(kind string) string {
	names++
	return fmt.Sprintf("%s-%d", kind, names)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func same(actual, expected any, what string) {
	if !reflect.DeepEqual(actual, expected) {
		panic(fmt.Sprintf("%s: %v in place of %v", what, actual, expected))
	}
}

// Asks again and again until it is so; the case's limit is its own.
func eventually(ctx context.Context, isSo func() bool) {
	for !isSo() {
		must(ctx.Err())
		time.Sleep(50 * time.Millisecond)
	}
}

func values(count int) []string {
	all := make([]string, count)
	for n := range all {
		all[n] = fmt.Sprint(n)
	}
	return all
}

func run(cases []testCase) {
	code := 0
	for _, each := range cases {
		why := outcome(each)
		line := map[string]any{"case": each.name, "ok": why == ""}
		if why != "" {
			code = 1
			line["why"] = why
		}
		text, _ := json.Marshal(line)
		fmt.Println(string(text))
	}
	os.Exit(code)
}

func outcome(each testCase) string {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	ended := make(chan string, 1)
	go func() {
		defer func() {
			if broken := recover(); broken != nil {
				ended <- fmt.Sprint(broken)
			} else {
				ended <- ""
			}
		}()
		each.test(ctx)
	}()
	select {
	case why := <-ended:
		return why
	case <-time.After(limit + time.Second):
		return fmt.Sprintf("not done within %v", limit)
	}
}
