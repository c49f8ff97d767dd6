// etcd_load: what redis-benchmark is to Redis, for etcd, over its own client library (the one Debian packages:
// golang-etcd-server-dev). Clients that each wait for an answer before they ask again put or get random keys of
// "key:000000000000" on. Prints one line: operations, seconds, and the percentiles of the latency, in ms:
//
//	{"operations": 13500, "seconds": 2.0, "p50": 1.41, "p99": 3.05}
//
// Built by tools/bench/store:  GO111MODULE=off GOPATH=/usr/share/gocode go build etcd_load.go
package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"go.etcd.io/etcd/clientv3"
)

var (
	endpoint = flag.String("endpoint", "", "HOST:PORT of the member that leads")
	kind     = flag.String("kind", "put", "put, get (linearizable), or fill: each key once")
	clients  = flag.Int("clients", 1, "how many ask at once")
	sharing  = flag.Int("sharing", 16, "how many of them share a connection")
	keys     = flag.Int("keys", 10000, "how many keys there are")
	size     = flag.Int("size", 128, "bytes of a value")
	seconds  = flag.Float64("seconds", 2, "how long; fill ends by itself")
)

func key(number int) string { return fmt.Sprintf("key:%012d", number) }

func fail(err error) {
	fmt.Fprintln(os.Stderr, "etcd_load:", err)
	os.Exit(1)
}

// One client, until `end`, or until its share of the keys is written; returns its latencies in seconds.
func run(client *clientv3.Client, number int, end time.Time) []float64 {
	latencies := []float64{}
	value := strings.Repeat("x", *size)
	chance := rand.New(rand.NewSource(int64(number)))
	for next := number; ; next += *clients {
		began := time.Now()
		if *kind == "fill" && next >= *keys || *kind != "fill" && began.After(end) {
			return latencies
		}
		var err error
		switch *kind {
		case "get":
			_, err = client.Get(context.Background(), key(chance.Intn(*keys)))
		case "put":
			_, err = client.Put(context.Background(), key(chance.Intn(*keys)), value)
		default:
			_, err = client.Put(context.Background(), key(next), value)
		}
		if err != nil {
			fail(err)
		}
		latencies = append(latencies, time.Since(began).Seconds())
	}
}

func main() {
	flag.Parse()
	connections := []*clientv3.Client{}
	for i := 0; i < *clients; i += *sharing {
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{*endpoint}, DialTimeout: 5 * time.Second})
		if err != nil {
			fail(err)
		}
		if _, err = client.Get(context.Background(), key(0)); err != nil { // connected, before the clock starts
			fail(err)
		}
		connections = append(connections, client)
	}

	began := time.Now()
	end := began.Add(time.Duration(*seconds * float64(time.Second)))
	results := make([][]float64, *clients)
	var all sync.WaitGroup
	for i := range results {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			results[i] = run(connections[i / *sharing], i, end)
		}(i)
	}
	all.Wait()
	took := time.Since(began).Seconds()

	latencies := []float64{}
	for _, some := range results {
		latencies = append(latencies, some...)
	}
	sort.Float64s(latencies)
	at := func(share float64) float64 { return latencies[int(share*float64(len(latencies)-1))] * 1000 }
	fmt.Printf("{\"operations\": %d, \"seconds\": %.3f, \"p50\": %.3f, \"p99\": %.3f}\n",
		len(latencies), took, at(0.5), at(0.99))
}
