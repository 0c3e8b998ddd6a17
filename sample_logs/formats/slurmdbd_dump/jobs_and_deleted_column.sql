-- MariaDB dump 10.19  Distrib 10.11, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: slurm_acct_db
-- ------------------------------------------------------
CREATE TABLE `mlcluster_job_env_table` (
  `deleted` tinyint(4) NOT NULL DEFAULT 0,
  `hash_inx` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `last_used` timestamp NOT NULL DEFAULT current_timestamp(),
  `env_hash` text NOT NULL,
  `env_vars` longtext DEFAULT NULL,
  PRIMARY KEY (`hash_inx`),
  UNIQUE KEY `env_hash_inx` (`env_hash`(66))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci;
INSERT INTO `mlcluster_job_env_table` VALUES
(0,3,'2026-11-23 15:11:42','aa','HOME=/home/mei\nGIT_COMMIT=38e41d51c6ea70a793765a4a55d901fa35570896\n');
CREATE TABLE `mlcluster_job_script_table` (
  `deleted` tinyint(4) NOT NULL DEFAULT 0,
  `hash_inx` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `last_used` timestamp NOT NULL DEFAULT current_timestamp(),
  `script_hash` text NOT NULL,
  `batch_script` longtext DEFAULT NULL
) ENGINE=InnoDB;
INSERT INTO `mlcluster_job_script_table` VALUES
(0,7,'2026-11-23 15:11:42','b1','#!/bin/sh\npython train.py\n');
CREATE TABLE `mlcluster_job_table` (
  `job_db_inx` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `env_hash_inx` bigint(20) unsigned NOT NULL DEFAULT 0,
  `id_array_job` int(10) unsigned NOT NULL DEFAULT 0,
  `id_array_task` int(10) unsigned NOT NULL DEFAULT 4294967294,
  `id_job` int(10) unsigned NOT NULL,
  `het_job_id` int(10) unsigned NOT NULL,
  `het_job_offset` int(10) unsigned NOT NULL,
  `job_name` tinytext NOT NULL,
  `script_hash_inx` bigint(20) unsigned NOT NULL DEFAULT 0
) ENGINE=InnoDB;
INSERT INTO `mlcluster_job_table` VALUES
(1,3,0,4294967294,10,0,4294967294,'x),(9,3,0,4294967294,99,0,4294967294,\'',7),
(2,3,11,2,13,0,4294967294,'train',0),
(3,0,0,4294967294,14,0,4294967294,'nothing kept',0),
(4,4,0,4294967294,15,14,1,'of no row here',0);
