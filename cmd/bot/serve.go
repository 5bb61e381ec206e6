package main

import (
	"fmt"

	"go.uber.org/zap"

	"frontdoor/internal/app"
)

type serveCmd struct {
	catalogueFlag
	corpusFlag
	Embedded bool `help:"Run with the in-process Redis although a chat platform is on: what waits in it is lost when the process dies."`
}

// Run runs the bot until it is told to stop.
func (c *serveCmd) Run(s streams, root *cli) error {
	cfg, err := root.load(s, c.catalogueFlag, c.corpusFlag)
	if err != nil {
		return err
	}
	log, err := app.Logger(cfg, s.err, "")
	if err != nil {
		return err
	}
	bot, err := app.New(s.ctx, cfg, app.Options{
		Log: log, Progress: indexing(s), Listen: cfg.HTTP.Listen,
		Notice: func(line string) { log.Warn(line) },
	})
	if err != nil {
		return fmt.Errorf("start: %w", err)
	}
	bot.Start()
	log.Info("ready", zap.String("version", versionOf()), zap.String("http", bot.Address()))
	<-s.ctx.Done()
	log.Info("stopping")
	return bot.Stop()
}
