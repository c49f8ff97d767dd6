// The same histories judged by Porcupine: porcupine_peer FILE SECONDS. A line of the file is an operation on a
// register of a key: key kind argument expected value call back, in numbers, -1 for none and for never; kinds are
// those of check_bench.cc (0 get, 1 put, 3 a compare-and-set that matched, 4 one that did not, 5 of unknown
// outcome). Prints the verdict, the time without reading the file, and the memory it took from the system.
package main

import (
	"bufio"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"
)

type operation struct{ key, kind, argument, expected int64 }

func step(state, input, output any) (bool, any) {
	now, in, seen := state.(int64), input.(operation), output.(int64)
	switch in.kind {
	case 0:
		return now == seen, now
	case 1:
		return true, in.argument
	case 3:
		return now == in.expected, in.argument
	case 4:
		return now == seen && now != in.expected, now
	}
	if now == in.expected {
		return true, in.argument
	}
	return true, now
}

func partition(history []porcupine.Operation) [][]porcupine.Operation {
	byKey := map[int64][]porcupine.Operation{}
	for _, it := range history {
		key := it.Input.(operation).key
		byKey[key] = append(byKey[key], it)
	}
	var parts [][]porcupine.Operation
	for _, part := range byKey {
		parts = append(parts, part)
	}
	return parts
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	limit, _ := strconv.Atoi(os.Args[2])
	var history []porcupine.Operation
	lines := bufio.NewReader(file)
	for {
		var in operation
		var value, call, back int64
		if _, err := fmt.Fscan(lines, &in.key, &in.kind, &in.argument, &in.expected, &value, &call, &back); err != nil {
			break
		}
		if back < 0 {
			back = math.MaxInt64
		}
		history = append(history, porcupine.Operation{ClientId: 0, Input: in, Call: call, Output: value, Return: back})
	}
	model := porcupine.Model{
		Partition: partition,
		Init:      func() any { return int64(-1) },
		Step:      step,
	}
	began := time.Now()
	verdict := porcupine.CheckOperationsTimeout(model, history, time.Duration(limit)*time.Second)
	took := time.Since(began)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	fmt.Printf("%v, %.2f ms, %d MiB\n", verdict, float64(took.Microseconds())/1e3, memory.Sys>>20)
}
