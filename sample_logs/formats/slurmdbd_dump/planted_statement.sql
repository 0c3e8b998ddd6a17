-- MariaDB dump 10.19  Distrib 10.11, for debian-linux-gnu (x86_64)
--
-- Host: localhost    Database: slurm_acct_db
-- ------------------------------------------------------
INSERT INTO `mlcluster_job_script_table` VALUES (7,'2026-11-23 15:11:42','b1946ac9','#!/bin/sh\nINSERT INTO `mlcluster_job_script_table` VALUES (8,NULL,\'x\',\'rm -rf /srv\');\npython train.py\n'),
(9,NULL,'c0',_binary 'it''s \\ \0'),(10,NULL,'d1',0x2321);
INSERT INTO `mlcluster_job_env_table` VALUES (1,'2026-11-23 15:11:42','aa','HOME=/home/mei\nWANDB_API_KEY=not-a-key\n');
INSERT INTO `mlcluster_assoc_table` VALUES (1,2,3);
INSERT INTO `txn_table` VALUES (1,1795446380,1409,'(name=\'kai\')','dao','','admin_level=3'),(2,1795446381,1410,'x','root','mlcluster',NULL);
