// eraft36 measures etcd's RawNode as bench/src/core measures ours: one goroutine drives three nodes over MemoryStorage, messages are
// handed over in memory, entries are 256 bytes and fresh. A proposal counts when the leader has it as committed.
//
//	eraft36 -b 64 -warm 1 -sec 3 [-multi]
package main

import (
	"encoding/json"
	"flag"
	"os"
	"runtime"
	"syscall"
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

type quiet struct{}

func (quiet) Debug(v ...interface{})              {}
func (quiet) Debugf(f string, v ...interface{})   {}
func (quiet) Error(v ...interface{})              {}
func (quiet) Errorf(f string, v ...interface{})   {}
func (quiet) Info(v ...interface{})               {}
func (quiet) Infof(f string, v ...interface{})    {}
func (quiet) Warning(v ...interface{})            {}
func (quiet) Warningf(f string, v ...interface{}) {}
func (quiet) Fatal(v ...interface{})              { panic(v) }
func (quiet) Fatalf(f string, v ...interface{})   { panic(f) }
func (quiet) Panic(v ...interface{})              { panic(v) }
func (quiet) Panicf(f string, v ...interface{})   { panic(f) }

type node struct {
	rn      *raft.RawNode
	st      *raft.MemoryStorage
	applied uint64 // commands
	index   uint64
}

type cluster struct {
	nodes    map[uint64]*node
	messages uint64
	rounds   int
}

func newCluster() *cluster {
	raft.SetLogger(quiet{})
	peers := []raft.Peer{{ID: 1}, {ID: 2}, {ID: 3}}
	c := &cluster{nodes: map[uint64]*node{}}
	for _, p := range peers {
		st := raft.NewMemoryStorage()
		rn, err := raft.NewRawNode(&raft.Config{
			ID: p.ID, ElectionTick: 10, HeartbeatTick: 1, Storage: st, MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 256, Logger: quiet{},
		})
		if err != nil {
			panic(err)
		}
		if err := rn.Bootstrap(peers); err != nil {
			panic(err)
		}
		c.nodes[p.ID] = &node{rn: rn, st: st}
	}
	c.drain()
	c.nodes[1].rn.Campaign()
	c.drain()
	if c.nodes[1].rn.Status().Lead != 1 {
		panic("no leader")
	}
	return c
}

func (c *cluster) drain() {
	for {
		any := false
		for id := uint64(1); id <= 3; id++ {
			n := c.nodes[id]
			for n.rn.HasReady() {
				any = true
				c.perform(n, n.rn.Ready())
			}
		}
		if !any {
			return
		}
	}
}

func (c *cluster) perform(n *node, rd raft.Ready) {
	if !raft.IsEmptyHardState(rd.HardState) {
		n.st.SetHardState(rd.HardState)
	}
	n.st.Append(rd.Entries)
	for _, m := range rd.Messages {
		c.messages++
		c.nodes[m.To].rn.Step(m)
	}
	for _, e := range rd.CommittedEntries {
		if e.Type == pb.EntryConfChange {
			var cc pb.ConfChange
			cc.Unmarshal(e.Data)
			n.rn.ApplyConfChange(cc)
		} else if len(e.Data) > 0 {
			n.applied++
		}
		n.index = e.Index
	}
	n.rn.Advance(rd)
}

// compact keeps memory bounded: the newest 10,000 entries stay.
func (c *cluster) compact() {
	for _, n := range c.nodes {
		if n.index > 20000 {
			n.st.Compact(n.index - 10000)
		}
	}
}

func (c *cluster) propose(template []byte, count int, together bool) {
	leader := c.nodes[1].rn
	var entries []pb.Entry
	for i := 0; i < count; i++ {
		data := make([]byte, len(template)) // a fresh entry, as a server would have
		copy(data, template)
		if together {
			entries = append(entries, pb.Entry{Data: data})
		} else if err := leader.Propose(data); err != nil {
			panic(err)
		}
	}
	if together {
		if err := leader.Step(pb.Message{Type: pb.MsgProp, From: 1, Entries: entries}); err != nil {
			panic(err)
		}
	}
}

func (c *cluster) run(seconds float64, count int, together bool) {
	template := make([]byte, 256)
	for start := time.Now(); time.Since(start).Seconds() < seconds; {
		c.propose(template, count, together)
		c.drain()
		c.rounds++
		if c.rounds%(1+10000/count) == 0 {
			c.compact()
		}
	}
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

func main() {
	count := flag.Int("b", 64, "proposals between two drains")
	warm := flag.Float64("warm", 1, "seconds of CPU time before the measurement")
	sec := flag.Float64("sec", 3, "seconds of the measurement")
	together := flag.Bool("multi", false, "one MsgProp with all -b entries instead of -b Propose calls")
	flag.Parse()

	c := newCluster()
	for start := cpuSeconds(); cpuSeconds()-start < *warm; {
		c.run(0.05, *count, *together)
	}
	before, messages, cpu := c.nodes[1].applied, c.messages, cpuSeconds()
	start := time.Now()
	c.run(*sec, *count, *together)
	elapsed := time.Since(start).Seconds()
	committed := c.nodes[1].applied - before
	for _, n := range c.nodes {
		if n.applied != c.nodes[1].applied {
			panic("a follower did not apply everything")
		}
	}
	json.NewEncoder(os.Stdout).Encode(map[string]interface{}{
		"committed": committed, "seconds": elapsed, "rate": float64(committed) / elapsed, "messages": c.messages - messages,
		"cpuSeconds": cpuSeconds() - cpu, "cpuSecondsInAll": cpuSeconds(), "runtime": runtime.Version(),
	})
}
