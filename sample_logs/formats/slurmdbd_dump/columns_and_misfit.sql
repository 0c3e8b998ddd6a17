INSERT INTO `txn_table` (`id`, `timestamp`, `actor`) VALUES (1,1795446380,'dao');
INSERT INTO `txn_table` (`id`, `timestamp`, `actor`) VALUES (1,1795446380);
INSERT INTO `ml_job_script_table` VALUES (1,NULL,'a','b');
