// franz-go: newest versions of every API, requests pipelined on five connections.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func client(options ...kgo.Opt) *kgo.Client {
	made, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(bootstrap), kgo.FetchMaxWait(100 * time.Millisecond)}, options...)...)
	must(err)
	return made
}

var admin = kadm.NewClient(client())

func topicOf(ctx context.Context, partitions int32) string {
	topic := fresh("topic")
	made, err := admin.CreateTopic(ctx, partitions, 1, nil, topic)
	must(err)
	must(made.Err)
	return topic
}

func send(ctx context.Context, topic string, records []*kgo.Record, options ...kgo.Opt) {
	producer := client(append(options, kgo.DefaultProduceTopic(topic), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	defer producer.Close()
	must(producer.ProduceSync(ctx, records...).FirstErr())
}

func numbered(count int) []*kgo.Record {
	records := make([]*kgo.Record, count)
	for n := range records {
		records[n] = kgo.StringRecord(fmt.Sprint(n))
	}
	return records
}

func take(ctx context.Context, consumer *kgo.Client, count int) []*kgo.Record {
	got := []*kgo.Record{}
	for len(got) < count {
		fetches := consumer.PollFetches(ctx)
		must(fetches.Err0())
		for _, each := range fetches.Errors() {
			must(each.Err)
		}
		got = append(got, fetches.Records()...)
	}
	return got
}

func readAll(ctx context.Context, topic string, count int, from kgo.Offset) []*kgo.Record {
	consumer := client(kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: from}}))
	defer consumer.Close()
	return take(ctx, consumer, count)
}

func valuesOf(records []*kgo.Record) []string {
	all := []string{}
	for _, record := range records {
		all = append(all, string(record.Value))
	}
	return all
}

func member(group, topic, id string, options ...kgo.Opt) *kgo.Client {
	return client(append(options, kgo.ConsumerGroup(group), kgo.ConsumeTopics(topic), kgo.ClientID(id),
		kgo.HeartbeatInterval(200*time.Millisecond), kgo.SessionTimeout(10*time.Second),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
}

func createTopic(ctx context.Context) {
	topic := topicOf(ctx, 3)
	details, err := admin.ListTopics(ctx, topic)
	must(err)
	same(len(details[topic].Partitions), 3, "partitions")
	again, _ := admin.CreateTopic(ctx, 1, 1, nil, topic)
	same(errors.Is(again.Err, kerr.TopicAlreadyExists), true, fmt.Sprintf("refused as present: %v", again.Err))
}

func fields(ctx context.Context) {
	topic := topicOf(ctx, 1)
	send(ctx, topic, []*kgo.Record{
		{Key: []byte("a"), Value: []byte("one"), Timestamp: time.UnixMilli(1_700_000_000_000),
			Headers: []kgo.RecordHeader{{Key: "h", Value: []byte("x")}, {Key: "h", Value: nil}}},
		{},
	})
	records := readAll(ctx, topic, 2, kgo.NewOffset().AtStart())
	same([]any{string(records[0].Key), string(records[0].Value), len(records[0].Headers), records[0].Timestamp.UnixMilli()},
		[]any{"a", "one", 2, int64(1_700_000_000_000)}, "the first")
	same([]any{records[1].Key == nil, records[1].Value == nil}, []any{true, true}, "the second is null")
}

func produces(codec kgo.CompressionCodec, isIdempotent bool) func(context.Context) {
	return func(ctx context.Context) {
		topic := topicOf(ctx, 1)
		options := []kgo.Opt{kgo.ProducerBatchCompression(codec)}
		if !isIdempotent {
			options = append(options, kgo.DisableIdempotentWrite())
		}
		send(ctx, topic, numbered(300), options...)
		same(valuesOf(readAll(ctx, topic, 300, kgo.NewOffset().AtStart())), values(300), "values")
	}
}

func acks(ctx context.Context) {
	topic := topicOf(ctx, 1)
	for _, each := range []kgo.Acks{kgo.NoAck(), kgo.LeaderAck(), kgo.AllISRAcks()} {
		send(ctx, topic, numbered(1), kgo.RequiredAcks(each), kgo.DisableIdempotentWrite())
	}
	same(len(readAll(ctx, topic, 3, kgo.NewOffset().AtStart())), 3, "records")
}

func byTimestamp(ctx context.Context) {
	topic := topicOf(ctx, 1)
	records := numbered(10)
	for n, record := range records {
		record.Timestamp = time.UnixMilli(1_700_000_000_000 + int64(n)*1000)
	}
	send(ctx, topic, records)
	found, err := admin.ListOffsetsAfterMilli(ctx, 1_700_000_003_500, topic)
	must(err)
	offset, _ := found.Lookup(topic, 0)
	same([]int64{offset.Offset, offset.Timestamp}, []int64{4, 1_700_000_004_000}, "the offset of its time")
	start, err := admin.ListStartOffsets(ctx, topic)
	must(err)
	end, err := admin.ListEndOffsets(ctx, topic)
	must(err)
	first, _ := start.Lookup(topic, 0)
	next, _ := end.Lookup(topic, 0)
	same([]int64{first.Offset, next.Offset}, []int64{0, 10}, "ends")
	same(valuesOf(readAll(ctx, topic, 5, kgo.NewOffset().AfterMilli(1_700_000_004_001))), values(10)[5:], "records from then on")
}

func twoMembers(options ...kgo.Opt) func(context.Context) {
	return func(ctx context.Context) {
		topic, group := topicOf(ctx, 4), fresh("group")
		first := member(group, topic, "first", options...)
		second := member(group, topic, "second", options...)
		shares := func(expected map[string]int) func() bool {
			return func() bool {
				described, err := admin.DescribeGroups(ctx, group)
				if err != nil { // Kafka makes the coordinator's topic at the first question
					return false
				}
				actual := map[string]int{}
				for _, each := range described[group].Members {
					if assigned, ok := each.Assigned.AsConsumer(); ok {
						for _, topic := range assigned.Topics {
							actual[each.ClientID] += len(topic.Partitions)
						}
					}
				}
				return described[group].State == "Stable" && fmt.Sprint(actual) == fmt.Sprint(expected)
			}
		}
		eventually(ctx, shares(map[string]int{"first": 2, "second": 2}))
		must(first.LeaveGroupContext(ctx))
		first.Close()
		eventually(ctx, shares(map[string]int{"second": 4}))
		must(second.LeaveGroupContext(ctx))
		second.Close()
	}
}

func committed(ctx context.Context) {
	topic, group := topicOf(ctx, 1), fresh("group")
	send(ctx, topic, numbered(10))
	consumer := member(group, topic, "one", kgo.DisableAutoCommit())
	records := take(ctx, consumer, 10)
	must(consumer.CommitRecords(ctx, records[6]))
	lags, err := admin.Lag(ctx, group)
	must(err)
	lag, _ := lags[group].Lag.Lookup(topic, 0)
	same([]int64{lag.Commit.At, lag.Lag}, []int64{7, 3}, "committed, and lag")
	consumer.Close()
	resumed := member(group, topic, "two")
	same(valuesOf(take(ctx, resumed, 3)), []string{"7", "8", "9"}, "from what was committed")
	resumed.Close()
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: 2, LeaderEpoch: -1, Metadata: "note"})
	eventually(ctx, func() bool {
		_, err := admin.CommitOffsets(ctx, group, offsets)
		return err == nil
	})
	fetched, err := admin.FetchOffsets(ctx, group)
	must(err)
	offset, _ := fetched.Lookup(topic, 0)
	same([]any{offset.At, offset.Metadata}, []any{int64(2), "note"}, "altered")
	deleted, err := admin.DeleteOffsets(ctx, group, kadm.TopicsSet{topic: {0: {}}})
	must(err)
	must(deleted.Error())
}

func configs(ctx context.Context) {
	topic := topicOf(ctx, 1)
	value := func(name string) string {
		described, err := admin.DescribeTopicConfigs(ctx, topic)
		must(err)
		for _, each := range described[0].Configs {
			if each.Key == name {
				return each.MaybeValue() + " " + each.Source.String()
			}
		}
		return "absent"
	}
	same(value("retention.ms"), "604800000 DEFAULT_CONFIG", "as made")
	changed, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Name: "retention.ms", Value: kadm.StringPtr("120000")}}, topic)
	must(err)
	must(changed[0].Err)
	same(value("retention.ms"), "120000 DYNAMIC_TOPIC_CONFIG", "as altered")
	wrong, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Name: "retention.ms", Value: kadm.StringPtr("soon")}}, topic)
	must(err)
	same(errors.Is(wrong[0].Err, kerr.InvalidConfig), true, fmt.Sprintf("what does not parse is refused: %v", wrong[0].Err))
	state, err := admin.AlterTopicConfigsState(ctx, []kadm.AlterConfig{{Name: "retention.bytes", Value: kadm.StringPtr("1000000")}}, topic)
	must(err)
	must(state[0].Err)
	same(value("retention.ms"), "604800000 DEFAULT_CONFIG", "the whole state replaced")
	broker, err := admin.DescribeBrokerConfigs(ctx, 1)
	must(err)
	same(len(broker[0].Configs) > 100, true, "the broker's settings")
}

func groups(ctx context.Context) {
	topic, group := topicOf(ctx, 1), fresh("group")
	send(ctx, topic, numbered(1))
	consumer := member(group, topic, "one")
	take(ctx, consumer, 1)
	must(consumer.CommitUncommittedOffsets(ctx))
	listed, err := admin.ListGroups(ctx)
	must(err)
	same(listed[group].ProtocolType, "consumer", "listed")
	must(consumer.LeaveGroupContext(ctx))
	consumer.Close()
	empty, err := admin.ListGroups(ctx, "empty")
	must(err)
	same(empty[group].State, "Empty", "listed by state")
	_, err = admin.DeleteGroup(ctx, group)
	must(err)
	listed, err = admin.ListGroups(ctx)
	must(err)
	_, isListed := listed[group]
	same(isListed, false, "listed after its end")
}

func topics(ctx context.Context) {
	topic := topicOf(ctx, 1)
	send(ctx, topic, numbered(10))
	_, err := admin.UpdatePartitions(ctx, 3, topic)
	must(err)
	details, err := admin.ListTopics(ctx, topic)
	must(err)
	same(len(details[topic].Partitions), 3, "partitions")
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: topic, Partition: 0, At: 4})
	deleted, err := admin.DeleteRecords(ctx, offsets)
	must(err)
	low, _ := deleted.Lookup(topic, 0)
	same(low.LowWatermark, int64(4), "the low watermark")
	same(valuesOf(readAll(ctx, topic, 6, kgo.NewOffset().AtStart())), values(10)[4:], "what is left")
	gone, err := admin.DeleteTopics(ctx, topic)
	must(err)
	must(gone[topic].Err)
	eventually(ctx, func() bool {
		all, err := admin.ListTopics(ctx)
		must(err)
		return !all.Has(topic)
	})
}

func recreated(ctx context.Context) {
	topic := topicOf(ctx, 1)
	send(ctx, topic, numbered(3))
	_, err := admin.DeleteTopics(ctx, topic)
	must(err)
	eventually(ctx, func() bool {
		made, err := admin.CreateTopic(ctx, 1, 1, nil, topic)
		return err == nil && made.Err == nil
	})
	send(ctx, topic, numbered(2))
	same(valuesOf(readAll(ctx, topic, 2, kgo.NewOffset().AtStart())), values(2), "the new topic's")
}

func operations(ctx context.Context) {
	topic := topicOf(ctx, 1)
	send(ctx, topic, numbered(5))
	metadata, err := admin.BrokerMetadata(ctx)
	must(err)
	same([]int{len(metadata.Brokers), int(metadata.Controller)}, []int{1, int(metadata.Brokers[0].NodeID)}, "the cluster")
	directories, err := admin.DescribeAllLogDirs(ctx, kadm.TopicsSet{topic: {0: {}}})
	must(err)
	found, isFound := directories[metadata.Controller].LookupPartition(topic, 0)
	same([]bool{isFound, found.Size > 0}, []bool{true, true}, "the log's size")
	producers, err := admin.DescribeProducers(ctx, kadm.TopicsSet{topic: {0: {}}})
	must(err)
	same(len(producers[topic].Partitions[0].ActiveProducers), 1, "active producers")
	elected, err := admin.ElectLeaders(ctx, kadm.ElectPreferredReplica, kadm.TopicsSet{topic: {0: {}}})
	must(err)
	same(errors.Is(elected[topic][0].Err, kerr.ElectionNotNeeded), true, fmt.Sprintf("no election needed: %v", elected[topic][0].Err))
	_, err = admin.ListPartitionReassignments(ctx, kadm.TopicsSet{topic: {0: {}}})
	must(err)
	versions, err := admin.ApiVersions(ctx)
	must(err)
	for _, each := range versions {
		must(each.Err)
		version, isServed := each.KeyMaxVersion(18)
		same([]any{version >= 4, isServed}, []any{true, true}, "ApiVersions")
	}
}

func quotas(ctx context.Context) {
	name := fresh("quota")
	entity := []kadm.ClientQuotaEntityComponent{{Type: "client-id", Name: kadm.StringPtr(name)}}
	_, err := admin.AlterClientQuotas(ctx, []kadm.AlterClientQuotaEntry{{
		Entity: entity, Ops: []kadm.AlterClientQuotaOp{{Key: "producer_byte_rate", Value: 1_000_000}},
	}})
	must(err)
	eventually(ctx, func() bool {
		described, err := admin.DescribeClientQuotas(ctx, true, []kadm.DescribeClientQuotaComponent{
			{Type: "client-id", MatchName: kadm.StringPtr(name)}})
		must(err)
		return len(described) == 1 && described[0].Values[0].Value == 1_000_000
	})
}

func tooLarge(ctx context.Context) {
	topic := topicOf(ctx, 1)
	producer := client(kgo.DefaultProduceTopic(topic), kgo.ProducerBatchMaxBytes(3_000_000), kgo.ProducerBatchCompression(kgo.NoCompression()))
	defer producer.Close()
	err := producer.ProduceSync(ctx, kgo.StringRecord(strings.Repeat("x", 2_000_000))).FirstErr()
	same(errors.Is(err, kerr.MessageTooLarge), true, fmt.Sprintf("refused: %v", err))
}

func main() {
	cases := []testCase{{"create a topic", createTopic}, {"keys, headers and nulls", fields}}
	for name, codec := range map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	} {
		cases = append(cases, testCase{"produce with codec " + name, produces(codec, false)},
			testCase{"produce with codec " + name + ", idempotent", produces(codec, true)})
	}
	run(append(cases,
		testCase{"acks 0, 1 and all", acks},
		testCase{"consume by timestamp", byTimestamp},
		testCase{"two members share a group", twoMembers(kgo.Balancers(kgo.RangeBalancer()))},
		testCase{"two members share a group, cooperatively", twoMembers(kgo.Balancers(kgo.CooperativeStickyBalancer()))},
		testCase{"committed offsets and lag", committed},
		testCase{"describe and alter configs", configs},
		testCase{"list and delete groups", groups},
		testCase{"more partitions, delete records, delete topics", topics},
		testCase{"a topic that is made again", recreated},
		testCase{"cluster, log directories, producers, elections, versions", operations},
		testCase{"client quotas", quotas},
		testCase{"a message that is too large is refused", tooLarge},
	))
}
