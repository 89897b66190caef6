// Load over gRPC with etcd's own client: etcd-client -ep 127.0.0.1:2379[,..] -c 64 -conns 8 -sec 3 -op put|get|sget
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

func main() {
	ep := flag.String("ep", "127.0.0.1:2379", "")
	c := flag.Int("c", 64, "concurrent requests")
	conns := flag.Int("conns", 8, "connections")
	sec := flag.Float64("sec", 3, "")
	op := flag.String("op", "put", "")
	total := flag.Int64("total", 0, "stop after this many instead")
	keys := flag.Int("keys", 10000, "")
	vs := flag.Int("vs", 256, "")
	flag.Parse()
	if *conns > *c {
		*conns = *c
	}
	var cl []*clientv3.Client
	for i := 0; i < *conns; i++ {
		x, err := clientv3.New(clientv3.Config{Endpoints: strings.Split(*ep, ","), DialTimeout: 3 * time.Second})
		if err != nil {
			panic(err)
		}
		cl = append(cl, x)
	}
	v := strings.Repeat("v", *vs)
	var wg sync.WaitGroup
	var done, errs int64
	lats := make([][]float64, *c)
	t0 := time.Now()
	end := t0.Add(time.Duration(*sec * 1e9))
	for w := 0; w < *c; w++ {
		wg.Add(1)
		go func(w int) {
			defer wg.Done()
			x := cl[w%len(cl)]
			for i := 0; ; i++ {
				if *total > 0 {
					if atomic.LoadInt64(&done) >= *total {
						return
					}
				} else if !time.Now().Before(end) {
					return
				}
				k := fmt.Sprintf("key%08d", (w*997+i)%*keys)
				a := time.Now()
				var err error
				switch *op {
				case "put":
					_, err = x.Put(context.Background(), k, v)
				case "get":
					_, err = x.Get(context.Background(), k)
				case "sget":
					_, err = x.Get(context.Background(), k, clientv3.WithSerializable())
				}
				if err != nil {
					atomic.AddInt64(&errs, 1)
					if atomic.LoadInt64(&errs) > 100 {
						return
					}
					continue
				}
				lats[w] = append(lats[w], float64(time.Since(a).Microseconds())/1000)
				atomic.AddInt64(&done, 1)
			}
		}(w)
	}
	wg.Wait()
	el := time.Since(t0).Seconds()
	var all []float64
	for _, l := range lats {
		all = append(all, l...)
	}
	sort.Float64s(all)
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{"op": *op, "c": *c, "ops_s": float64(len(all)) / el, "p50_ms": all[len(all)/2], "p90_ms": all[len(all)*90/100], "p99_ms": all[len(all)*99/100], "p999_ms": all[len(all)*999/1000], "max_ms": all[len(all)-1], "errs": errs, "sec": el})
}
