# The same conversation as worker.py, for R's lme4: Rscript lme4.R PANELS.csv
say <- function(...) { cat(sprintf(...), "\n", sep = ""); flush(stdout()) }
if (!suppressWarnings(suppressPackageStartupMessages(requireNamespace("lme4", quietly = TRUE)))) {
  say('{"missing": "lme4"}')
  quit(status = 0)
}
suppressPackageStartupMessages(library(lme4))
panels <- read.csv(commandArgs(TRUE)[1], colClasses = c("factor", "factor", "factor", "numeric"))
terms <- rating ~ 1 + (1 | candidate) + (1 | assessor) + (1 | value) +
  (1 | candidate:assessor) + (1 | candidate:value) + (1 | assessor:value)
fit <- function(frame) suppressWarnings(suppressMessages(lmer(terms, frame, REML = TRUE, control = lmerControl(calc.derivs = FALSE))))
invisible(lmer(Reaction ~ 1 + (1 | Subject), sleepstudy))
say('{"version": "%s"}', as.character(packageVersion("lme4")))
input <- file("stdin", "r")
found <- NULL
while (length(line <- readLines(input, n = 1)) > 0) {
  if (line == "run") {
    found <- NULL
    took <- system.time(found <- fit(panels), gcFirst = FALSE)
    say('{"seconds": %.6f, "cpu": %.6f}', took[["elapsed"]], took[["user.self"]] + took[["sys.self"]])
  } else {
    parts <- as.data.frame(VarCorr(found))
    names <- sub(":", " x ", sub("Residual", "residual", parts$grp))
    numbers <- paste(sprintf('"%s": %.12g', names, parts$vcov), collapse = ", ")
    say('{"numbers": {%s, "log-likelihood": %.12g}}', numbers, as.numeric(logLik(found)))
  }
}
